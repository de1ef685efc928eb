"""Who is asking: a verified caller from a signed access token, never from the body.

One algorithm (EdDSA), fixed keys from our own configuration; `kid` only picks among them,
and `jku`, `x5u` or `jwk` in a header are never looked at (SECURITY.md 15, RFC 8725).
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from chalicelib.core import clock
from chalicelib.core.config import settings
from chalicelib.core.errors import Unauthenticated
from chalicelib.core.permissions import PERMISSIONS

ALGORITHM = "EdDSA"
KEPT = 4_096
"""Verified tokens remembered by the process; each is still checked for its end."""


@dataclass(frozen=True)
class Caller:
    """A verified person: who, in which community, through which portal, in which roles."""

    subject_id: str
    community_id: str
    audience: str
    roles: tuple[str, ...]
    expires: int

    def may(self, permission: str) -> bool:
        """Return whether any of the caller's roles has this permission."""
        return any(permission in PERMISSIONS.get(role, frozenset()) for role in self.roles)


def verified(header: str | None, audience: str) -> Caller:
    """Return the caller of an `Authorization: Bearer …` header.

    Raises Unauthenticated: `token_missing`, `token_expired`, `token_invalid` (also for a
    token of another audience).
    """
    if not header or not header.startswith("Bearer "):
        raise Unauthenticated("token_missing", "请先登录")
    caller = _verify(header[7:], audience)
    if caller.expires <= clock.now().timestamp():
        raise Unauthenticated("token_expired", "登录已过期，请重新登录")
    return caller


@lru_cache(maxsize=KEPT)
def _verify(token: str, audience: str) -> Caller:
    """Check signature, issuer and audience once per token; its end is checked each time."""
    import jwt

    try:
        key = _keys()[jwt.get_unverified_header(token)["kid"]]
        claims = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=f"linli:{audience}",
            issuer=settings().token_issuer,
            options={"require": ["exp", "iat", "sub", "aud", "iss"], "verify_exp": False},
        )
        return Caller(
            subject_id=str(claims["sub"]),
            community_id=str(claims["community"]),
            audience=audience,
            roles=tuple(str(role) for role in claims["roles"]),
            expires=int(claims["exp"]),
        )
    except (jwt.PyJWTError, KeyError, TypeError, ValueError, OverflowError) as failure:
        raise Unauthenticated("token_invalid", "登录信息无效，请重新登录") from failure


@lru_cache(maxsize=1)
def _keys() -> dict[str, Any]:
    """Return our public keys by `kid`."""
    import jwt

    published = json.loads(settings().token_keys)["keys"]
    return {key["kid"]: jwt.PyJWK(key, algorithm=ALGORITHM).key for key in published}
