"""Access tokens: JWTs signed with Ed25519 (RFC 8037), checked against our own key set.

`LINLI_TOKEN_KEYS` is a JWKS that may hold several keys: publish a new one, then sign with it,
then take the old one out a quarter of an hour later. `LINLI_SIGNING_KEY` is the address of
the private key in PEM (`file:PATH` or `kms:BASE64`), known to the sign-in function alone.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from chalicelib.core import secret
from chalicelib.core.config import settings
from chalicelib.core.permissions import AUDIENCES

ALGORITHM = "EdDSA"
LIFETIME = timedelta(minutes=15)
"""The longest life of an access token that we sign."""

LONGEST, LONGEST_HEAD = 4_096, 256
"""Characters of a token and of its header that are looked at; ours have about 500 and 60."""

_AUDIENCES = {f"linli:{audience}": audience for audience in AUDIENCES.values()}


@dataclass(frozen=True)
class Bearer:
    """Whom a token speaks for; `community_id` is empty for officers above an estate."""

    subject_id: str
    community_id: str
    audience: str
    roles: tuple[str, ...]
    node_path: str
    session_id: str
    org_id: str = ""


def signed(bearer: Bearer, at: datetime, lifetime: timedelta = LIFETIME) -> str:
    """Return an access token of at most `LIFETIME`."""
    import jwt

    private, key_id = _signing_key(settings().signing_key, settings().token_keys)
    claims = {
        "iss": settings().token_issuer,
        "aud": f"linli:{bearer.audience}",
        "sub": bearer.subject_id,
        "roles": list(bearer.roles),
        "node": bearer.node_path,
        "sid": bearer.session_id,
        "iat": round(at.timestamp(), 3),
        "exp": int((at + min(lifetime, LIFETIME)).timestamp()),
    }
    claims |= {"community": bearer.community_id} if bearer.community_id else {}
    claims |= {"org": bearer.org_id} if bearer.org_id else {}
    return jwt.encode(claims, private, ALGORITHM, headers={"kid": key_id})


def opened(token: str) -> tuple[str, Mapping[str, Any]]:
    """Return the audience and claims of a token; whether they fit, and its end, the caller checks.

    Raises ValueError for anything but a token of ours, one that lives longer than
    `LINLI_TOKEN_LONGEST_S` among them: no revocation is remembered for it. One algorithm;
    `kid` only picks among our keys; nothing else of the header is looked at (RFC 8725).
    """
    import jwt

    head = token.partition(".")[0]
    if len(token) > LONGEST or len(head) > LONGEST_HEAD:
        raise ValueError("too long to be a token of ours")
    try:
        key = _keys(settings().token_keys)[_key_id(head)]
        claims = json.loads(_jws().decode(token, key, algorithms=[ALGORITHM]))
        audience, lives_s = _AUDIENCES[claims["aud"]], claims["exp"] - claims["iat"]
        ours = claims["iss"] == settings().token_issuer and isinstance(claims["sub"], str)
    except (jwt.PyJWTError, KeyError, TypeError, ValueError, OverflowError) as failure:
        raise ValueError("no token of ours") from failure
    if not ours or "nbf" in claims or lives_s > settings().token_longest_s:
        raise ValueError("signed for somebody else, or in no way that we sign")
    return audience, claims


@cache
def _jws() -> Any:
    """Return what checks signatures, and no claims: those are ours, and PyJWT reads a clock."""
    import jwt

    return jwt.PyJWS(algorithms=[ALGORITHM])


@lru_cache(maxsize=64)
def _key_id(head: str) -> str:
    """Return the `kid` of a token's header; all tokens of one key share that header."""
    return str(json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"])


@lru_cache(maxsize=4)
def _keys(published: str) -> dict[str, Any]:
    """Return our public keys by `kid`."""
    import jwt

    keys = json.loads(published)["keys"]
    return {key["kid"]: jwt.PyJWK(key, algorithm=ALGORITHM).key for key in keys}


@lru_cache(maxsize=4)
def _signing_key(address: str, published: str) -> tuple[Any, str]:
    """Return the private key and the `kid` under which its public half is published."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    private: Any = load_pem_private_key(secret.opened(address), None)
    mine = private.public_key().public_bytes_raw()
    for key_id, key in _keys(published).items():
        if key.public_bytes_raw() == mine:
            return private, key_id
    raise ValueError("LINLI_SIGNING_KEY is not among LINLI_TOKEN_KEYS: publish it first")
