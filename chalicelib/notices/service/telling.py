"""Use cases of messages: one person is told one thing, once, or it is on record why not."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.core import clock, ids, outbox, sweep
from chalicelib.core.errors import Conflict
from chalicelib.core.logs import logger
from chalicelib.core.retention import Kept, kept_until
from chalicelib.core.table import tenant_key
from chalicelib.identity import public as identity
from chalicelib.notices.channels import CHANNELS
from chalicelib.notices.rules import templates as texts
from chalicelib.notices.rules.states import SENDING_TAKES, NoticeState, verdict
from chalicelib.notices.rules.templates import About, Template
from chalicelib.notices.service import consents
from chalicelib.notices.service.templates import templates
from chalicelib.notices.tables.notices import Notice

CHANNEL = "wechat_subscribe"
TRIES = 3
"""How often a consent is taken, if somebody else changes its row meanwhile."""


@dataclass(frozen=True)
class Message:
    """What a person is told of, in our own words, and until when that is of use."""

    community_id: str
    person_id: str
    about: About
    cause_id: str
    words: dict[str, str]
    deadline: datetime


def tell(message: Message) -> None:
    """Tell a person once, whoever asks again; what was not sent is on record with its reason.

    The row and the consent that it takes are written before anything is sent, so that who is
    interrupted in between leaves a message that the sweep calls UNKNOWN, not a second one.
    """
    at, row = clock.now(), _new(message)
    template = templates().get(message.about)
    account = identity.wechat_of(message.community_id, message.person_id)
    if at >= message.deadline:
        _end(row, NoticeState.LATE, "late", at)
    elif template is None or account is None:
        why = "no_template" if template is None else "no_wechat"
        _end(row, NoticeState.IN_APP, why, at)
    elif _claimed(row, template, account, at):
        _send(row, template, account)


def retry(*, limit: int = 200) -> int:
    """Send what had to wait, and end what was interrupted; return how many."""
    keys = list(Notice.overdue(clock.now(), limit))
    return sweep.each(keys, lambda key: _look_after(*key))


def _new(message: Message) -> Notice:
    person_key = tenant_key(message.community_id, message.person_id)
    at = clock.now()
    return Notice(
        person_key=person_key,
        notice_id=ids.derived("ntc", message.about, message.cause_id, message.person_id),
        community_id=message.community_id,
        person_id=message.person_id,
        about=message.about.value,
        cause_id=message.cause_id,
        words=message.words,
        deadline=clock.epoch_ms(message.deadline),
        made_at=clock.epoch_ms(at),
        expires=kept_until(Kept.PASSAGE, at),
    )


def _end(row: Notice, state: NoticeState, reason: str, at: datetime) -> None:
    row.ends(state, reason, at)
    if outbox.commit_once(row):
        _log(row)


def _claimed(
    row: Notice, template: Template, account: identity.WeChatAccount, at: datetime
) -> bool:
    """Write the row with the consent that it takes; False if it was there, or there is none."""
    row.template_id, row.account = template.template_id, account.key
    row.goes_on(NoticeState.SENDING, at + SENDING_TAKES)
    taken = row.person_key, template.template_id, account.key
    for _ in range(TRIES):
        try:
            outbox.commit(row, given=(consents.spent(*taken),))
        except Conflict:
            if row.has_twin():
                return False
            if not consents.is_left(*taken):
                _end(row, NoticeState.IN_APP, "no_consent", at)
                return False
        else:
            return True
    raise Conflict("lost_race", "操作已被其他人抢先完成，请刷新后再试")


def _send(row: Notice, template: Template, account: identity.WeChatAccount) -> None:
    """Send a claimed message, and write down what became of it."""
    words, page = texts.filled(template, row.said()), texts.page_of(template, row.cause_id)
    channel, deadline = CHANNELS.load(CHANNEL), clock.from_epoch_ms(int(row.deadline))
    end, detail = channel.send(account.openid, template.template_id, words, page, deadline)
    at = clock.now()
    said = verdict(end, detail, at=at, deadline=deadline)
    if said.due is not None:
        row.goes_on(said.state, said.due)
        row.reason = said.reason
    else:
        row.ends(said.state, said.reason, at)
    outbox.commit(row)
    _log(row)
    if said.gives_back:
        _give_back(row)
    elif end == "no_consent":
        consents.none_left(row.person_key, template.template_id, account.key)


def _look_after(person_key: str, notice_id: str) -> bool:
    """Take a message up again: True if it was at all."""
    row, at = Notice.find(person_key, notice_id), clock.now()
    if row is None or row.due_at is None or row.due_at > clock.epoch_ms(at):
        return False
    if row.state == NoticeState.SENDING:
        return _ended(row, NoticeState.UNKNOWN, "interrupted", at)
    template = templates().get(About(row.about))
    account = identity.wechat_of(row.community_id, row.person_id)
    if row.deadline <= clock.epoch_ms(at):
        _ended(row, NoticeState.LATE, "late", at)
        _give_back(row)
    elif template is None or account is None or account.key != row.account:
        _ended(row, NoticeState.IN_APP, "no_wechat", at)
    else:
        row.goes_on(NoticeState.SENDING, at + SENDING_TAKES)
        outbox.commit(row)
        _send(row, template, account)
    return True


def _ended(row: Notice, state: NoticeState, reason: str, at: datetime) -> bool:
    row.ends(state, reason, at)
    outbox.commit(row)
    _log(row)
    return True


def _give_back(row: Notice) -> None:
    consents.give_back(row.person_key, row.template_id or "", row.account or "")


def _log(row: Notice) -> None:
    said = {"notice": row.notice_id, "state": row.state, "reason": row.reason or ""}
    logger().info("told", extra=said)
