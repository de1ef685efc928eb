"""A warm request through our decorator, pydantic and auth, over a bare Chalice view."""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any

import jwt
from chalice.app import Chalice
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel, ConfigDict

from benchmarks.figures import Figure

ROUNDS = 15
CALLS = 400


def measure() -> list[Figure]:
    """Time both in one process, in turns; the best round of each is its true cost."""
    ours, bare = _our_view(sign_in("person-1")), _bare_view()
    best = [float("inf"), float("inf")]
    with _nobody_revoked():
        for _ in range(ROUNDS):
            for place, call in enumerate((ours, bare)):
                best[place] = min(best[place], _seconds(call))
    mine, peer = (1e6 * seconds for seconds in best)
    return [
        Figure("bare Chalice view, warm", peer, unit="µs"),
        Figure("our view: body + auth + reply, warm", mine, unit="µs"),
        Figure("overhead of our decorator", mine / peer, 4.0, "×"),
    ]


def _seconds(call: Callable[[], None]) -> float:
    began = time.perf_counter()
    for _ in range(CALLS):
        call()
    return (time.perf_counter() - began) / CALLS


@lru_cache(maxsize=1)
def _signing_key() -> Ed25519PrivateKey:
    """Make a key and publish it where `core.auth` looks."""
    private = Ed25519PrivateKey.generate()
    public = base64.urlsafe_b64encode(private.public_key().public_bytes_raw()).rstrip(b"=").decode()
    key = {"kty": "OKP", "crv": "Ed25519", "kid": "bench", "x": public}
    os.environ["LINLI_TOKEN_KEYS"] = json.dumps({"keys": [key]})
    return private


def sign_in(person: str) -> str:
    """Return a resident's token."""
    private, now = _signing_key(), int(time.time())
    claims = {
        "sub": person,
        "community": "com-1",
        "node": "county/street/neighbourhood/com-1",
        "sid": f"session-of-{person}",
        "roles": ["resident"],
        "aud": "linli:resident",
        "iss": "linli",
        "iat": now,
        "exp": now + 900,
    }
    return jwt.encode(claims, private, algorithm="EdDSA", headers={"kid": "bench"})


class _NobodyRevoked:
    """A DynamoDB in which nobody was signed out."""

    def _make_api_call(self, _operation: str, _asked: object) -> dict[str, Any]:
        return {"Items": [], "Count": 0, "ScannedCount": 0}


def _nobody_revoked() -> AbstractContextManager[None]:
    from chalicelib.core import aws  # noqa: PLC0415 -- reads its settings on import

    return aws.using({"dynamodb": _NobodyRevoked()})


def _bare_view() -> Callable[[], None]:
    app = Chalice("bare")
    app.route("/bench", methods=["POST"])(_hello)
    event = _event("/bench", {})
    return lambda: _expect_200(app(event, None))


def _hello() -> dict[str, str]:
    return {"hello": "world"}


def _our_view(token: str) -> Callable[[], None]:
    from chalicelib.core import auth, web  # noqa: PLC0415 -- reads its settings on import

    class Wish(BaseModel):
        model_config = ConfigDict(extra="forbid")
        note: str
        count: int

    class Reply(BaseModel):
        hello: str

    router = web.Router("bench")

    def view(caller: auth.Caller, body: Wish) -> Reply:
        return Reply(hello=caller.subject_id + body.note)

    view.__annotations__ = {"caller": auth.Caller, "body": Wish, "return": Reply}
    router.post("/resident/bench", permission="access.answer_call", reply=Reply)(view)
    app = Chalice("ours")
    app.register_middleware(web.middleware, "http")
    app.register_blueprint(router.blueprint)
    event = _event("/resident/bench", {"authorization": f"Bearer {token}"})
    return lambda: _expect_200(app(event, None))


def _event(path: str, headers: dict[str, str]) -> dict[str, Any]:
    """Return an API Gateway proxy event (REST, payload format 1.0)."""
    return {
        "resource": path,
        "path": path,
        "httpMethod": "POST",
        "headers": {"content-type": "application/json", **headers},
        "multiValueHeaders": {},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "httpMethod": "POST",
            "resourcePath": path,
            "requestId": "bench",
            "identity": {"sourceIp": "127.0.0.1"},
        },
        "body": json.dumps({"note": "hello", "count": 3}),
        "isBase64Encoded": False,
    }


def _expect_200(reply: dict[str, Any]) -> None:
    if reply["statusCode"] != 200:
        raise RuntimeError(f"the benchmark's own view answered {reply}")
