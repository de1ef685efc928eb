"""Use cases of residents' sign-in: a WeChat code, and once a phone number.

Who WeChat knows and we know is signed in by `wx.login` alone. Anybody else gets a ticket,
and comes back with it and a code of the phone number button.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from chalicelib.core import clock, ids, keyring, outbox, sealing
from chalicelib.core.config import settings
from chalicelib.core.errors import Conflict, Unauthenticated, Unprocessable
from chalicelib.core.logs import logger
from chalicelib.core.table import Row, tenant_key
from chalicelib.identity.gateways import wechat
from chalicelib.identity.rules import sessions as rules
from chalicelib.identity.service import organisation, people, sessions
from chalicelib.identity.service.sessions import SignedIn
from chalicelib.identity.tables.sessions import Session, WeChatHome

_BOUND_TO = "wechat-ticket"
RESIDENT = "resident"
PATH_KEPT_S = 60
MOST_HOMES = 20


@dataclass(frozen=True)
class Arrival:
    """Signed in, or known to WeChat alone: then the ticket goes with the phone code."""

    session: SignedIn | None = None
    ticket: str | None = None
    community_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Ticket:
    openid: str
    ends: int
    linked: list[str]


def sign_in(
    js_code: str, *, community_id: str = "", device: str = "", at: datetime | None = None
) -> Arrival:
    """Sign in whoever this code of `wx.login` is, in the community they name or used last.

    Three DynamoDB calls. Raises what `wechat.sign_in` raises.
    """
    at = at or clock.now()
    openid = wechat.sign_in(js_code).openid
    homes = list(WeChatHome.query(_account_key(openid), limit=MOST_HOMES, consistent_read=True))
    home = _home(homes, community_id)
    communities = tuple(sorted(home.community_id for home in homes))
    if home is None:
        return Arrival(ticket=_sealed(openid, communities, at), community_ids=communities)
    home.used_at = clock.epoch_ms(at)
    return Arrival(_admit(home, [home], device, at), community_ids=communities)


def add_phone(
    ticket: str,
    phone_code: str,
    *,
    community_id: str = "",
    device: str = "",
    at: datetime | None = None,
) -> Arrival:
    """Sign in by the phone number that WeChat vouches for, and remember the WeChat account.

    Whoever the property company already knows by this number is that person; a number that
    nobody knows becomes a new person of the community they name, without a flat yet.
    Raises Unauthenticated `ticket_invalid` or `ticket_expired`, Unprocessable
    `choose_community`, Conflict `phone_shared`, NotFound `no_such_community`.
    """
    at, known = at or clock.now(), _opened(ticket)
    if known.ends <= at.timestamp():
        raise Unauthenticated("ticket_expired", "登录已超时，请重新登录")
    phone = wechat.phone_number(phone_code)
    found = _persons(phone, community_id)
    rows: list[Row] = []
    if not found:
        if not community_id:
            raise Unprocessable("choose_community", "请先选择您所在的小区")
        _path_of(community_id, _period(at))  # no person in an estate that is none
        found = {community_id: ids.new_id("per")}
        rows = people.new_person(community_id, found[community_id], phone=phone)
    homes = [
        _linked(known.openid, where, who, at)
        for where, who in found.items()
        if where not in known.linked
    ]
    if not homes:
        raise Conflict("wechat_linked", "该微信账号已在此小区绑定其他住户")
    session = _admit(homes[0], [*rows, *homes], device, at)
    return Arrival(session, community_ids=tuple(sorted({*found, *known.linked})))


def links_of(community_id: str, person_id: str) -> list[WeChatHome]:
    """Return the WeChat accounts that sign a person in, to be deleted when they are."""
    found = WeChatHome.by_person.query(tenant_key(community_id, person_id), limit=MOST_HOMES)
    links = (WeChatHome.find(link.account_key, link.community_id) for link in found)
    return [link for link in links if link is not None]


def openids_of(community_id: str, person_id: str) -> list[str]:
    """Return the openids to which a person's messages go."""
    return [
        keyring.unseal(bytes(link.openid), link.person_key).decode()
        for link in links_of(community_id, person_id)
    ]


def _admit(home: WeChatHome, rows: Sequence[Row], device: str, at: datetime) -> SignedIn:
    """Begin a session in a home, in one transaction with these rows."""
    path = _path_of(home.community_id, _period(at))
    person = sessions.Person(home.person_id, home.community_id, RESIDENT, (RESIDENT,), path)
    session: Session = sessions.begun(person, at, device)
    outbox.commit(session, *rows)
    logger().info("signed in", extra={"person_id": home.person_id, "audience": RESIDENT})
    return sessions.signed_in(session, at)


def _home(homes: Sequence[WeChatHome], community_id: str) -> WeChatHome | None:
    wanted = [home for home in homes if community_id in ("", home.community_id)]
    return max(wanted, key=lambda home: home.used_at, default=None)


def _persons(phone: str, community_id: str) -> dict[str, str]:
    """Return community → person of a phone number, in one community or in all."""
    found: dict[str, str] = {}
    for person in people.persons_by_phone(sealing.index("phone", phone)):
        if community_id not in ("", person.community_id):
            continue
        if person.community_id in found:
            raise Conflict("phone_shared", "该手机号登记了多位住户，请联系物业核对")
        found[person.community_id] = person.person_id
    return found


def _linked(openid: str, community_id: str, person_id: str, at: datetime) -> WeChatHome:
    key = tenant_key(community_id, person_id)
    return WeChatHome(
        account_key=_account_key(openid),
        community_id=community_id,
        person_id=person_id,
        person_key=key,
        openid=keyring.seal(openid.encode(), key),
        used_at=clock.epoch_ms(at),
    )


def _account_key(openid: str) -> str:
    return sealing.index("openid", f"{settings().wechat_app_id}/{openid.encode().hex()}")


def _period(at: datetime) -> int:
    return int(at.timestamp()) // PATH_KEPT_S


@lru_cache(maxsize=4_096)
def _path_of(community_id: str, period: int) -> str:  # noqa: ARG001 -- ages the cache
    """Return an estate's place in the tree; raises NotFound `no_such_community`."""
    return organisation.path_of(community_id)


def _sealed(openid: str, linked: Sequence[str], at: datetime) -> str:
    said = [openid, int((at + rules.TICKET_LIVES).timestamp()), list(linked)]
    sealed = keyring.seal(json.dumps(said).encode(), _BOUND_TO)
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def _opened(ticket: str) -> _Ticket:
    from cryptography.exceptions import InvalidTag

    try:
        sealed = base64.urlsafe_b64decode(ticket + "=" * (-len(ticket) % 4))
        return _Ticket(*json.loads(keyring.unseal(sealed, _BOUND_TO)))
    except (binascii.Error, InvalidTag, TypeError, ValueError) as failure:
        raise Unauthenticated("ticket_invalid", "登录信息无效，请重新登录") from failure
