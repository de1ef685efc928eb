"""Lock-out of who guesses: counted on the account's own row, by source (`rules.guesses`).

A guess is judged only by a commit that also counts it. So of many at one time each is
counted, and once there were too many the right one is refused like the others.
"""

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar

from chalicelib.core import clock, context, keyring, outbox
from chalicelib.core.budgets import Budget
from chalicelib.core.errors import Conflict, TooMany
from chalicelib.core.logs import logger
from chalicelib.identity.rules import guesses as rules
from chalicelib.identity.service import credentials
from chalicelib.identity.tables.sessions import StaffAccount

Judged = TypeVar("Judged")

ROUNDS: Final = rules.STRANGERS_FREE + rules.FREE_TRIES
"""How often a try is judged anew because others were counted meanwhile: then those are locked."""

STRANGERS: Final = Budget(200, 0.1)
"""Passwords of strangers that a process hashes, for whatever account: each takes 30 ms."""


def judged(
    account: StaffAccount,
    judge: Callable[[StaffAccount], Judged],
    again: Callable[[], StaffAccount],
) -> Judged:
    """Return the verdict of `judge`, which commits the account it is given.

    If others were counted meanwhile, it is given the account as `again` finds it. Raises
    TooMany `too_many_requests` if there is no end of them.
    """
    for _ in range(ROUNDS):
        try:
            return judge(account)
        except Conflict:
            account = again()
    raise TooMany("too_many_requests", "操作过于频繁，请稍后再试", retry_after=1)


def require_unlocked(account: StaffAccount, code: str, at: datetime) -> None:
    """Raise TooMany `sign_in_locked` if there were too many failures where this try is from."""
    own = credentials.is_owners(account, code)
    until = rules.locked_until(_counts(account), _source(account), at, trusted=own)
    left_ms = clock.epoch_ms(until) - clock.epoch_ms(at)
    if left_ms > 0:
        wait = -(-left_ms // 1000)
        said = f"{-(-wait // 60)}分钟" if wait > 60 else f"{wait}秒"  # noqa: PLR2004 -- a minute
        raise TooMany("sign_in_locked", f"尝试次数过多，请{said}后再试", retry_after=wait)


def charge_stranger(account: StaffAccount, code: str, at: datetime) -> None:
    """Charge the budget of strangers, unless it is the owner; raises TooMany."""
    known = _counts(account).get(_source(account), rules.Count()).is_known(at)
    if not (known or credentials.is_owners(account, code)):
        STRANGERS.charge("all")


def count_failure(account: StaffAccount, at: datetime) -> None:
    """Commit a failure to the row; the log names neither the account nor the source."""
    account.counts = _plain(rules.failed(_counts(account), _source(account), at))
    outbox.commit(account)
    marks = {"account": _mark("account", account.login), "source": _mark("", context.source())}
    logger().warning("sign-in refused", extra=marks)


def note_sign_in(account: StaffAccount, at: datetime) -> None:
    """Know the source from now on, and forget its failures."""
    account.counts = _plain(rules.signed_in(_counts(account), _source(account), at))


def _source(account: StaffAccount) -> str:
    """Return what is kept of where this try is from; another account keeps something else."""
    return _mark(account.login, context.source())


def _mark(kind: str, text: str) -> str:
    said = f"{kind}\x1f{text}".encode()
    return hmac.digest(keyring.derived("sign-in-source"), said, hashlib.sha256).hex()[:16]


def _counts(account: StaffAccount) -> rules.Counts:
    return {
        source: rules.Count(failures, clock.from_epoch_ms(failed), clock.from_epoch_ms(entered))
        for source, (failures, failed, entered) in (account.counts or {}).items()
    }


def _plain(counts: rules.Counts) -> dict[str, list[float]]:
    return {
        source: [
            count.failures,
            clock.epoch_ms(count.failed_at),
            clock.epoch_ms(count.signed_in_at),
        ]
        for source, count in counts.items()
    }
