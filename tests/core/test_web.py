"""Every refusal of the HTTP layer: a stable code, our shape, nothing written."""

import base64
import json
import time

import jwt
import pytest

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.core.config import settings
from chalicelib.core.once import OnceRecord
from chalicelib.core.schema import Shown


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "no_such_route"),
        ("GET", "/resident", 404, "no_such_route"),
        ("GET", "/resident/calls/a/b/c", 404, "no_such_route"),
        ("DELETE", "/resident/calls", 405, "method_not_allowed"),
        ("PATCH", "/healthz", 405, "method_not_allowed"),
        ("GET", "/openapi/thieves.json", 404, "no_such_document"),
        ("GET", "/openapi/resident.yaml", 404, "no_such_document"),
        ("GET", "/resident/calls", 401, "token_missing"),
    ],
)
def test_what_is_not_there_is_said_so(http, method, path, status, code):
    reply = http(method, path)
    assert (reply.status, reply.code) == (status, code)
    assert reply.body["request_id"] == reply.headers["x-request-id"]
    assert reply.body["message"]


def test_health(http):
    assert http("GET", "/healthz").body == {"status": "ok"}


def test_a_body_of_eleven_megabytes_is_too_large(http):
    reply = http("POST", "/device/events", b"x" * (11 * 1024 * 1024))
    assert (reply.status, reply.code) == (413, "request_too_large")


def test_a_wrong_content_type_is_refused_in_our_shape(http, sign, community):
    reply = http("POST", "/device/events", b"<x/>", content_type="text/xml")
    assert (reply.status, reply.code) == (415, "unsupported_media_type")


def test_a_good_token_is_let_in(http, sign, community):
    reply = http("GET", "/resident/me", token=sign(community, "per_9"))
    assert (reply.status, reply.body["subject_id"]) == (200, "per_9")
    assert http("GET", "/resident/me", token=sign(community, "per_9")).status == 200


def test_a_role_without_the_permission_is_refused(http, sign, community):
    reply = http(
        "GET", "/property/devices", token=sign(community, audience="property", roles=["cleaner"])
    )
    assert (reply.status, reply.code) == (403, "not_permitted")


def forged(header: dict, claims: dict, signature: bytes = b"") -> str:
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def claims(community: str) -> dict:
    return {
        "iss": "linli",
        "sub": "per_1",
        "aud": "linli:resident",
        "community": community,
        "roles": ["resident"],
        "iat": int(time.time()),
        "exp": int(time.time()) + 600,
    }


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"exp": int(time.time()) - 1}, "token_expired"),
        ({"aud": "linli:nobody"}, "token_invalid"),
        ({"aud": ["linli:resident"]}, "token_invalid"),
        ({"iss": "somebody"}, "token_invalid"),
        ({"nbf": int(time.time()) + 600}, "token_invalid"),
        ({"exp": None}, "token_invalid"),
        ({"roles": 7}, "token_invalid"),
    ],
)
def test_a_token_that_is_not_for_here_and_now(http, sign, community, changes, code):
    reply = http("GET", "/resident/me", token=sign(community, **changes))
    assert (reply.status, reply.code) == (401, code)


def test_a_token_of_another_portal_is_told_so(http, sign, community):
    reply = http("GET", "/property/me", token=sign(community))
    assert (reply.status, reply.code) == (403, "wrong_audience")


def test_only_officers_act_in_no_estate(http, sign):
    for audience, status in (("property", 401), ("committee", 401), ("government", 200)):
        token = sign("", audience=audience, roles=["grid_worker"], node="county/street")
        assert http("GET", f"/{audience}/me", token=token).status == status


def test_forged_tokens(http, sign, community):
    """RFC 8725: none, HS256 with the public key, kid traversal, jku, jwk, altered payload."""
    good = sign(community)
    kid = jwt.get_unverified_header(good)["kid"]
    public = json.loads(settings().token_keys)["keys"][0]["x"].encode()
    head, body, signature = good.split(".")
    other = base64.urlsafe_b64encode(json.dumps(claims("com_other")).encode()).decode().rstrip("=")
    attempts = [
        forged({"alg": "none", "kid": kid}, claims(community)),
        jwt.encode(claims(community), public.ljust(32, b"="), "HS256", headers={"kid": kid}),
        forged({"alg": "EdDSA", "kid": "../../dev/null"}, claims(community), b"\x00" * 64),
        forged(
            {"alg": "EdDSA", "kid": "k", "jku": "http://127.0.0.1/"}, claims(community), b"x" * 64
        ),
        forged({"alg": "EdDSA", "jwk": {"kty": "OKP"}}, claims(community), b"x" * 64),
        forged({"alg": "EdDSA", "kid": ["a"]}, claims(community), b"x" * 64),
        f"{head}.{other}.{signature}",
        f"{head}.{body}.{signature[:-4]}AAAA",
        f"{head}.{body}.",
        "",
        "x" * 10_000,
        "…",
    ]
    for attempt in attempts:
        reply = http("GET", "/resident/me", authorization=f"Bearer {attempt}")
        assert reply.status == 401, attempt


@pytest.mark.parametrize("key", [None, "short", "x" * 65, "with space", "bad\x00key1"])
def test_an_effect_wants_an_idempotency_key(http, sign, community, key):
    headers = {} if key is None else {"idempotency_key": key}
    reply = http("POST", "/resident/calls/call_1/open", token=sign(community), **headers)
    assert (reply.status, reply.code) == (400, "idempotency_key_required")


def test_a_refusal_is_no_answer_to_keep(http, sign, community):
    token, key = sign(community), "key-00000001"
    reply = http("POST", "/resident/calls/call_1/open", token=token, idempotency_key=key)
    assert (reply.status, reply.code) == (404, "no_such_call")
    assert OnceRecord.find(f"{community}#per_1#{key}") is None


def test_identity_in_headers_is_not_believed(http, sign, community):
    reply = http(
        "GET",
        "/resident/me",
        token=sign(community, "per_1"),
        x_user="admin",
        x_forwarded_for="10.0.0.1",
        x_community="com_other",
    )
    assert (reply.body["subject_id"], reply.body["community_id"]) == ("per_1", community)


def test_a_preflight_is_answered_for_known_paths(http):
    reply = http("OPTIONS", "/resident/calls")
    assert reply.status == 204
    assert "Idempotency-Key" in reply.headers["access-control-allow-headers"]


@pytest.mark.parametrize("call_id", ["x" * 1100, "a b", "a%00b", "a'b", "é", "..", "a#b"])
def test_an_id_that_cannot_be_one_is_not_found(http, sign, community, call_id):
    reply = http("GET", f"/resident/calls/{call_id}".replace("#", "%23"), token=sign(community))
    assert reply.status == 404


class Answer(Shown):
    text: str


def view(caller: Caller, call_id: str) -> Answer:
    return Answer(text=f"{caller} {call_id}")


def unsaid(caller: Caller, call_id: str):
    return caller, call_id


def lax(caller: Caller, call_id: str = "") -> Answer:
    return Answer(text=f"{caller} {call_id}")


@pytest.mark.parametrize(
    ("path", "options", "of", "fault"),
    [
        ("/residents/{call_id}", {"permission": "a.b"}, view, "audience does not exist"),
        ("/resident/{call_id}", {}, view, "no permission"),
        ("/resident/{thing}", {"permission": "a.b"}, view, "unknown parameter"),
        ("/resident/{call_id}/{b}", {"permission": "a.b"}, view, "ignores a placeholder"),
        ("/device/{call_id}", {"once": True}, view, "verifies raw"),
        ("/resident/x/{call_id}", {"audience": "open"}, view, "another audience"),
        ("/resident/{call_id}", {"permission": "a.b"}, lax, "without default"),
        ("/resident/{call_id}", {"permission": "a.b"}, unsaid, "what it returns"),
    ],
)
def test_a_careless_route_does_not_import(path, options, of, fault):
    declared = len(web.ROUTES)
    with pytest.raises(TypeError, match=fault):
        web.Router("careless").get(path, reply=Answer, **options)(of)
    assert len(web.ROUTES) == declared
