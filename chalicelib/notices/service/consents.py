"""Use cases of consents to messages: asked for by a tap, spent by each message."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from chalicelib.core import clock, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Unprocessable
from chalicelib.core.table import tenant_key
from chalicelib.identity import public as identity
from chalicelib.notices.rules.consents import Choice, left_after
from chalicelib.notices.rules.templates import About
from chalicelib.notices.service.templates import templates
from chalicelib.notices.tables.notices import MessageConsent


@dataclass(frozen=True)
class Subscription:
    """A kind of message: its template, and how many the caller agreed to."""

    about: About
    template_id: str
    left: int


@dataclass(frozen=True)
class Subscriptions:
    """What the mini-program may ask for."""

    items: list[Subscription]


def subscriptions(caller: Caller) -> Subscriptions:
    """Return each kind of message and how many of it the caller agreed to; three reads.

    Who has not signed in by WeChat has none.
    """
    account = identity.wechat_of(caller.community_id, caller.subject_id)
    rows = MessageConsent.query(_key(caller)) if account is not None else ()
    left = {row.template_id: row.left_to(account.key) for row in rows if account is not None}
    return _shown(left)


def answer(
    caller: Caller, choices: Mapping[str, Choice], *, at: datetime | None = None
) -> Subscriptions:
    """Count what the caller answered to WeChat's question: one yes is good for one message.

    Raises Unprocessable `no_wechat`, `no_such_template`, Conflict `lost_race`.
    """
    at = at or clock.now()
    account = identity.wechat_of(caller.community_id, caller.subject_id)
    if account is None:
        raise Unprocessable("no_wechat", "请先使用微信登录")
    if not choices.keys() <= {one.template_id for one in templates().values()}:
        raise Unprocessable("no_such_template", "消息模板已更新，请刷新后重试")
    rows = {row.template_id: row for row in MessageConsent.query(_key(caller))}
    for template_id, choice in choices.items():
        row = rows.setdefault(template_id, _new(caller, template_id))
        row.left = left_after(row.left_to(account.key), choice)
        row.account, row.asked_at = account.key, clock.epoch_ms(at)
    shown = _shown({name: int(row.left) for name, row in rows.items()})
    outbox.commit(*(rows[name] for name in choices), answer=shown)
    return shown


def spent(person_key: str, template_id: str, account: str) -> outbox.Given:
    """Return the condition that a consent is there, which the commit takes."""
    left = MessageConsent.left
    return outbox.Given(
        MessageConsent,
        person_key,
        template_id,
        (left > 0) & (MessageConsent.account == account),
        actions=(left.add(-1),),
    )


def is_left(person_key: str, template_id: str, account: str) -> bool:
    """Return whether one may be sent to an account; one consistent read."""
    row = MessageConsent.find(person_key, template_id)
    return row is not None and row.left_to(account) > 0


def give_back(person_key: str, template_id: str, account: str) -> None:
    """Count a consent again whose message was not sent."""
    row = MessageConsent(person_key=person_key, template_id=template_id)
    row.changed([MessageConsent.left.add(1)], MessageConsent.account == account)


def none_left(person_key: str, template_id: str, account: str) -> None:
    """Take WeChat's word that there is none: it counts better than we do."""
    row = MessageConsent(person_key=person_key, template_id=template_id)
    row.changed([MessageConsent.left.set(0)], MessageConsent.account == account)


def _new(caller: Caller, template_id: str) -> MessageConsent:
    return MessageConsent(
        person_key=_key(caller),
        template_id=template_id,
        community_id=caller.community_id,
        account="",
    )


def _key(caller: Caller) -> str:
    return tenant_key(caller.community_id, caller.subject_id)


def _shown(left: Mapping[str, int]) -> Subscriptions:
    return Subscriptions(
        [
            Subscription(about, one.template_id, left.get(one.template_id, 0))
            for about, one in sorted(templates().items())
        ]
    )
