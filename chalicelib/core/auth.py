"""Who is asking: a verified caller from a signed access token, never from the body.

One algorithm (EdDSA), fixed keys from our own configuration; `kid` only picks among them,
and `jku`, `x5u` or `jwk` in a header are never looked at (SECURITY.md 15, RFC 8725).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from chalicelib.core import clock, paths, revocations, tokens
from chalicelib.core.errors import Forbidden, Unauthenticated
from chalicelib.core.permissions import AUDIENCES, PERMISSIONS
from chalicelib.core.table import tenant_key

KEPT = 4_096
"""Verified tokens remembered by the process; each is still checked for its end."""


@dataclass(frozen=True)
class Caller:
    """A verified person: who, in which community, through which portal, in which roles.

    `node_path` is the org node whose subtree they act in: ancestors' ids from the county
    down, joined by "/". `community_id` is empty for officers above an estate.
    """

    subject_id: str
    community_id: str
    audience: str
    roles: tuple[str, ...]
    expires: int
    node_path: str = ""
    session_id: str = ""
    org_id: str = ""
    issued_ms: int = 0

    def may(self, permission: str) -> bool:
        """Return whether one of the caller's roles, of this very portal, has this permission."""
        return any(
            permission in PERMISSIONS.get(role, frozenset()) and AUDIENCES[role] == self.audience
            for role in self.roles
        )

    def sees(self, path: str) -> bool:
        """Return whether an org node lies in the caller's subtree; whole segments count."""
        return paths.within(path, self.node_path)

    @property
    def has_whole_estate(self) -> bool:
        """Return whether the caller acts at their estate's own node, and not at a part of it."""
        return not paths.part_of(self.node_path, self.community_id)

    @property
    def tenant(self) -> str:
        """Return whose data the caller's own rows are: the community, else the county."""
        return paths.tenant_of(self.node_path, self.community_id)


def verified(header: str | None, audience: str) -> Caller:
    """Return the caller of an `Authorization: Bearer …` header.

    Raises Unauthenticated: `token_missing`, `token_expired`, `token_revoked`,
    `token_invalid`; Forbidden `wrong_audience` for a good token of another portal. No
    network call, but one read every five seconds (`revocations`).
    """
    if not header or not header.startswith("Bearer "):
        raise Unauthenticated("token_missing", "请先登录")
    caller = _verify(header[7:])
    if caller.audience != audience:
        raise Forbidden("wrong_audience", "该登录属于另一个端，请从对应的入口登录")
    now = clock.now()
    if caller.expires <= now.timestamp():
        raise Unauthenticated("token_expired", "登录已过期，请重新登录")
    ended = revocations.newest(clock.epoch_ms(now))
    if caller.issued_ms < ended.floor_ms:
        raise Unauthenticated("token_expired", "登录已过期，请重新登录")
    subject = tenant_key(caller.tenant, caller.subject_id)
    if ended.refuses(subject, audience, caller.session_id, caller.issued_ms):
        raise Unauthenticated("token_revoked", "登录已失效，请重新登录")
    return caller


@lru_cache(maxsize=KEPT)
def _verify(token: str) -> Caller:
    """Check signature, issuer and audience once per token; its end is checked each time.

    Whoever acts in an estate has it in their token: only officers may have none.
    """
    try:
        audience, claims = tokens.opened(token)
        officer = audience == "government"
        return Caller(
            subject_id=str(claims["sub"]),
            community_id=str(claims.get("community", "")) if officer else _named(claims),
            audience=audience,
            roles=tuple(str(role) for role in claims["roles"]),
            expires=int(claims["exp"]),
            node_path=str(claims.get("node", "")),
            session_id=str(claims.get("sid", "")),
            org_id=str(claims.get("org", "")),
            issued_ms=round(float(claims["iat"]) * 1000),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as failure:
        raise Unauthenticated("token_invalid", "登录信息无效，请重新登录") from failure


def _named(claims: Mapping[str, Any]) -> str:
    """Return the community of a token; raises ValueError if it is of none."""
    community = str(claims["community"])
    if not community:
        raise ValueError("nobody acts in no estate")
    return community
