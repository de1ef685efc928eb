"""Use cases of sessions: begin, refresh by rotation, list, end.

A refresh token is sealed by us and names its session and its number in the session's row
of tokens; nothing of it is stored. Only the newest number is taken (and, for half a
minute, the one before it: an answer may be lost); any older one ends the session.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.core import clock, ids, keyring, outbox, revocations, tokens
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, NotFound, Refusal, Unauthenticated
from chalicelib.core.logs import logger
from chalicelib.core.paths import tenant_of
from chalicelib.core.permissions import AUDIENCES, conflicting
from chalicelib.core.table import tenant_key
from chalicelib.identity.events import RefreshTokenReused
from chalicelib.identity.rules import sessions as rules
from chalicelib.identity.rules.posts import posts_for
from chalicelib.identity.service import posts
from chalicelib.identity.tables.sessions import Session

_BOUND_TO = "refresh-token"
SHOWN = 50
"""Sessions that a person is shown; nobody has as many devices."""


@dataclass(frozen=True)
class Person:
    """Who signed in, and where they act; `community_id` is empty above estates."""

    person_id: str
    community_id: str
    audience: str
    roles: tuple[str, ...]
    node_path: str
    org_id: str = ""

    @property
    def tenant(self) -> str:
        """Return whose data their session is: the community, else the county."""
        return tenant_of(self.node_path, self.community_id)


@dataclass(frozen=True)
class SignedIn:
    """What a client gets: an access token for `expires_in` seconds, and how to get the next."""

    access_token: str
    expires_in: int
    refresh_token: str
    subject_id: str
    community_id: str
    audience: str
    roles: tuple[str, ...]
    node_path: str


@dataclass(frozen=True)
class _Shown:
    subject_key: str
    session_id: str
    generation: int


def begun(person: Person, at: datetime, device: str) -> Session:
    """Return a new session's row, to be committed with what proved who they are."""
    return Session(
        subject_key=tenant_key(person.tenant, person.person_id),
        session_id=ids.new_id("ses"),
        person_id=person.person_id,
        community_id=person.community_id,
        audience=person.audience,
        node_path=person.node_path,
        org_id=person.org_id,
        roles=set(person.roles),
        device=device,
        generation=1,
        rotated_at=clock.epoch_ms(at),
        started_at=clock.epoch_ms(at),
        expires=int(rules.ends_at(person.audience, at, at).timestamp()),
    )


def signed_in(session: Session, at: datetime) -> SignedIn:
    """Return the tokens of a session whose row is committed."""
    roles = tuple(sorted(session.roles))
    bearer = tokens.Bearer(
        session.person_id,
        session.community_id,
        session.audience,
        roles,
        session.node_path,
        session.session_id,
        session.org_id,
    )
    return SignedIn(
        access_token=tokens.signed(bearer, at),
        expires_in=int(tokens.LIFETIME.total_seconds()),
        refresh_token=_sealed(session),
        subject_id=session.person_id,
        community_id=session.community_id,
        audience=session.audience,
        roles=roles,
        node_path=session.node_path,
    )


def refresh(token: str, *, at: datetime | None = None) -> SignedIn:
    """Return new tokens for a refresh token, which is then spent.

    Raises Unauthenticated `refresh_invalid`, `session_ended`, `refresh_reused`: sign in anew.
    """
    at, shown = at or clock.now(), _opened(token)
    try:
        return _refreshed(shown, at)
    except Conflict:  # the same token came twice at once; the other one has turned it
        return _refreshed(shown, at)


def end(token: str, *, at: datetime | None = None) -> None:
    """End the session of a refresh token; a second time changes nothing."""
    shown = _opened(token)
    session = Session.find(shown.subject_key, shown.session_id)
    if session is not None:
        _end(session, at or clock.now())


def sessions_of(caller: Caller) -> list[Session]:
    """Return the caller's live sessions, the newest first."""
    key, now = tenant_key(caller.tenant, caller.subject_id), clock.now().timestamp()
    found = Session.query(key, scan_index_forward=False, limit=SHOWN)
    ends = revocations.ends_of(key)
    return [one for one in found if one.expires > now and not _is_over(one, ends)]


def end_session(caller: Caller, session_id: str) -> None:
    """End one of the caller's sessions; raises NotFound `no_such_session`."""
    session = Session.find(tenant_key(caller.tenant, caller.subject_id), session_id)
    if session is None:
        raise NotFound("no_such_session", "没有找到该登录会话")
    _end(session, clock.now())


def _refreshed(shown: _Shown, at: datetime) -> SignedIn:
    session = Session.find(shown.subject_key, shown.session_id)
    if session is None or session.expires <= at.timestamp():
        raise _ended()
    turned = rules.Rotation(int(session.generation), clock.from_epoch_ms(int(session.rotated_at)))
    use = rules.use_of(shown.generation, turned, at)
    if use is rules.Use.REUSED:
        _end_stolen(session, at)
        raise Unauthenticated("refresh_reused", "登录信息已在别处使用，请重新登录")
    _require_right(session, at)
    if use is rules.Use.ROTATE:
        session.generation += 1
        session.rotated_at = clock.epoch_ms(at)
        started = clock.from_epoch_ms(int(session.started_at))
        session.expires = int(rules.ends_at(session.audience, started, at).timestamp())
        outbox.commit(session)
    return signed_in(session, at)


def _require_right(session: Session, at: datetime) -> None:
    """End the session if the person was signed out everywhere, or holds no post any more."""
    gone = _is_over(session, revocations.ends_of(session.subject_key))
    if not gone and session.audience != "resident":
        session.roles = _roles(session)
        gone = not session.roles
    if gone:
        _end(session, at)
        raise _ended()


def _is_over(session: Session, ends: Sequence[revocations.Revocation]) -> bool:
    """Return whether the person was signed out everywhere since."""
    started = clock.from_epoch_ms(int(session.started_at))
    return revocations.covers(ends, session.audience, started)


def _roles(session: Session) -> set[str]:
    """Return the roles held now where the session acts; none if two duties meet in one person."""
    held = posts.held_by(session.person_id)
    if conflicting(frozenset(post.role for post in held)):
        return set()
    place = (session.node_path, session.org_id)
    mine = posts_for(held, AUDIENCES, session.audience)
    return {post.role for post in mine if (post.node_path, post.org_id) == place}


def _end(session: Session, at: datetime) -> None:
    tenant = session.subject_key.partition("#")[0]
    gone = revocations.of_session(tenant, session.person_id, session.session_id, at)
    try:
        outbox.commit(gone, deletes=[session])
    except Conflict:  # turned or ended meanwhile: what was turned is ended all the same
        again = Session.find(session.subject_key, session.session_id)
        if again is not None:
            outbox.commit(gone, deletes=[again])


def _end_stolen(session: Session, at: datetime) -> None:
    tenant = session.subject_key.partition("#")[0]
    noticed = RefreshTokenReused(
        tenant, session.person_id, session.session_id, session.audience, at
    )
    logger().warning("refresh token reused", extra={"session_id": session.session_id})
    gone = revocations.of_session(tenant, session.person_id, session.session_id, at)
    outbox.commit(gone, deletes=[session], events=(noticed,))


def _ended() -> Refusal:
    return Unauthenticated("session_ended", "登录已失效，请重新登录")


def _sealed(session: Session) -> str:
    said = [session.subject_key, session.session_id, int(session.generation)]
    sealed = keyring.seal(json.dumps(said).encode(), _BOUND_TO)
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def _opened(token: str) -> _Shown:
    from cryptography.exceptions import InvalidTag

    try:
        sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        return _Shown(*json.loads(keyring.unseal(sealed, _BOUND_TO)))
    except (binascii.Error, InvalidTag, TypeError, ValueError) as failure:
        raise Unauthenticated("refresh_invalid", "登录信息无效，请重新登录") from failure
