"""The one source of time: aware UTC, replaceable by a simulation."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_source: ContextVar[Callable[[], datetime] | None] = ContextVar("clock", default=None)


def now() -> datetime:
    """Return the current instant, aware and in UTC."""
    source = _source.get()
    return source() if source else datetime.now(UTC)


@contextmanager
def using(source: Callable[[], datetime]) -> Iterator[None]:
    """Let `source` tell the time within the block (fault simulator, replays)."""
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)


@contextmanager
def standing_at(moment: datetime) -> Iterator[None]:
    """Let time stand still at an aware instant within the block."""
    with using(lambda: moment):
        yield


def epoch_ms(at: datetime) -> int:
    """Return the milliseconds since 1970 of an aware instant."""
    return round(at.timestamp() * 1000)


def from_epoch_ms(value: int) -> datetime:
    """Return the aware UTC instant of milliseconds since 1970."""
    return datetime.fromtimestamp(value / 1000, UTC)


def maybe_from_epoch_ms(value: float | None) -> datetime | None:
    """Return the instant of a row's column, or None where it has none."""
    return from_epoch_ms(int(value)) if value else None
