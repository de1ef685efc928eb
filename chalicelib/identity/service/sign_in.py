"""Use cases of residents' sign-in: a WeChat code, and once a phone number.

Who WeChat knows and we know is signed in by `wx.login` alone. Anybody else gets a ticket,
and comes back with it and a code of the phone number button.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from chalicelib.core import clock, ids, keyring, once, outbox, sealing
from chalicelib.core.budgets import Budget
from chalicelib.core.config import settings
from chalicelib.core.errors import Conflict, Unauthenticated, Unprocessable
from chalicelib.core.logs import logger
from chalicelib.core.table import Row, tenant_key
from chalicelib.identity.gateways import wechat
from chalicelib.identity.rules import sessions as rules
from chalicelib.identity.service import organisation, people, sessions
from chalicelib.identity.service.moves import HOMELESS_FOR
from chalicelib.identity.service.sessions import SignedIn
from chalicelib.identity.tables.people import Person
from chalicelib.identity.tables.sessions import Session, WeChatHome

_BOUND_TO = "wechat-ticket"
RESIDENT = "resident"
PATH_KEPT_S = 60
MOST_HOMES = 20

ACCOUNT = Budget(10, 30)
"""Sign-ins of one WeChat account, which is one phone as far as we can see."""

PHONES = Budget(5, 120)
"""Phone codes of one WeChat account: each costs us money at WeChat."""

ESTATE = Budget(300, 0.2)
"""Sign-ins in one community, counted of those whom WeChat vouches for: nobody else fills it."""


@dataclass(frozen=True)
class Arrival:
    """Signed in, or known to WeChat alone: then the ticket goes with the phone code."""

    session: SignedIn | None = None
    ticket: str | None = None
    community_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class WeChatAccount:
    """A WeChat account: `key` is a blind index of app and openid."""

    key: str
    openid: str


@dataclass(frozen=True)
class _Ticket:
    key: str
    openid: str
    ends: int
    linked: list[str]


def sign_in(
    js_code: str, *, community_id: str = "", device: str = "", at: datetime | None = None
) -> Arrival:
    """Sign in whoever this code of `wx.login` is, in the community they name or used last.

    Three DynamoDB calls. Raises TooMany, and what `wechat.sign_in` raises.
    """
    at = at or clock.now()
    openid = wechat.sign_in(js_code).openid
    ACCOUNT.charge(openid)
    homes = list(WeChatHome.query(_account_key(openid), limit=MOST_HOMES, consistent_read=True))
    home = _home(homes, community_id)
    communities = tuple(sorted(home.community_id for home in homes))
    if home is None:
        return Arrival(ticket=_sealed(openid, communities, at), community_ids=communities)
    ESTATE.charge(home.community_id)
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

    Whoever the property company already knows by this number is that person, unless another
    account signs them in: numbers are given out again, so the company is asked first. A
    number that nobody knows becomes a new person of the community they name, without a flat
    yet. A ticket signs in once. Raises Unauthenticated `ticket_invalid`, `ticket_expired` or
    `ticket_used`, TooMany, Unprocessable `choose_community`, Conflict `other_wechat`,
    `wechat_linked`, NotFound `no_such_community`.
    """
    at, known = at or clock.now(), _opened(ticket)
    if known.ends <= at.timestamp():
        raise Unauthenticated("ticket_expired", "登录已超时，请重新登录")
    PHONES.charge(known.openid)
    ESTATE.charge(community_id)
    phone = wechat.phone_number(phone_code)
    found = _persons(phone, community_id)
    proof: list[Row] = []
    if not found:
        person, proof = _newcomer(phone, community_id, at)
        found = [person]
    mine = _free(found, known)
    homes = [_linked(known.openid, person, at) for person in mine]
    try:
        session = _admit(homes[0], [_spent(known), *proof, *mine, *homes], device, at)
    except Conflict:
        if once.is_spent(known.key):
            raise Unauthenticated("ticket_used", "登录已完成或已失效，请重新登录") from None
        raise
    signed_in = {home.community_id for home in homes}
    return Arrival(session, community_ids=tuple(sorted(signed_in.union(known.linked))))


def _newcomer(phone: str, community_id: str, at: datetime) -> tuple[Person, list[Row]]:
    """Return somebody new, who is forgotten if they find no home, and the rows beside theirs."""
    if not community_id:
        raise Unprocessable("choose_community", "请先选择您所在的小区")
    _path_of(community_id, _period(at))  # no person in an estate that is none
    key, person, *claim = people.new_person(community_id, ids.new_id("per"), phone=phone)
    person.leaves(at + HOMELESS_FOR)
    return person, [key, *claim]


def _free(found: Sequence[Person], known: _Ticket) -> list[Person]:
    """Return those whom this account may sign in from now; raises Conflict if there are none."""
    account = _account_key(known.openid)
    asked = [person for person in found if person.community_id not in known.linked]
    mine = [person for person in asked if person.account_key in (None, account)]
    if not asked:
        raise Conflict("wechat_linked", "该微信账号已在此小区绑定其他住户")
    if not mine:
        raise Conflict("other_wechat", "该手机号的住户已绑定其他微信，请联系物业核对后解绑")
    return mine


def links_of(person: Person) -> list[WeChatHome]:
    """Return the WeChat account that signs a person in, or none, to be deleted with them."""
    link = WeChatHome.find(person.account_key or "", person.community_id)
    return [link] if link is not None else []


def wechat_of(community_id: str, person_id: str) -> WeChatAccount | None:
    """Return the WeChat account to which a person's messages go, or None; two reads."""
    person = people.find_person(community_id, person_id)
    for link in links_of(person) if person is not None else ():
        openid = keyring.unseal(bytes(link.openid), link.person_key).decode()
        return WeChatAccount(link.account_key, openid)
    return None


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


def _persons(phone: str, community_id: str) -> list[Person]:
    """Return whose a phone number is, in one community or in all."""
    claims = people.persons_by_phone(sealing.index("phone", phone))
    wanted = [claim for claim in claims if community_id in ("", claim.community_id)]
    found = (people.find_person(claim.community_id, claim.person_id) for claim in wanted)
    return [person for person in found if person is not None]


def _linked(openid: str, person: Person, at: datetime) -> WeChatHome:
    """Return the row that lets an account sign a person in, and say so in the person's."""
    key = tenant_key(person.community_id, person.person_id)
    person.account_key = _account_key(openid)
    return WeChatHome(
        account_key=person.account_key,
        community_id=person.community_id,
        person_id=person.person_id,
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


def _spent(ticket: _Ticket) -> Row:
    """Return the row by which a ticket signs in once, whatever number it comes with."""
    return once.spent_by(ticket.key, datetime.fromtimestamp(ticket.ends, UTC))


def _opened(ticket: str) -> _Ticket:
    from cryptography.exceptions import InvalidTag

    try:
        sealed = base64.urlsafe_b64decode(ticket + "=" * (-len(ticket) % 4))
        key = f"ticket#{hashlib.sha256(sealed).hexdigest()}"
        return _Ticket(key, *json.loads(keyring.unseal(sealed, _BOUND_TO)))
    except (binascii.Error, InvalidTag, TypeError, ValueError) as failure:
        raise Unauthenticated("ticket_invalid", "登录信息无效，请重新登录") from failure
