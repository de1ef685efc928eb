"""What is being served right now: the request's id and its idempotency key.

Context variables, because one process of the one-machine home serves many requests at
once, and because a request id must follow its effects through queues into logs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

_request_id: ContextVar[str] = ContextVar("request_id", default="")
_once: ContextVar["Once | None"] = ContextVar("once", default=None)
_looks: ContextVar["Looks | None"] = ContextVar("looks", default=None)
_source: ContextVar[str] = ContextVar("source", default="")


@dataclass
class Once:
    """An effect wanted once: who asks, the key they chose, and a digest of what they ask.

    `spent` turns true with the one transaction that carries the key's record.
    """

    community_id: str
    subject_id: str
    key: str
    fingerprint: str
    for_ever: bool = False
    spent: bool = False

    @property
    def record_key(self) -> str:
        """Return the hash key of this effect's record: tenant first, then caller, then key."""
        return f"{self.community_id}#{self.subject_id}#{self.key}"


@dataclass
class Looks:
    """Whether a look at personal data was put on record while a request was served."""

    noted: bool = False


def request_id() -> str:
    """Return the id of the request, or of the request that caused this event."""
    return _request_id.get()


def once() -> Once | None:
    """Return the idempotency key that the current request must be recorded under."""
    return _once.get()


def source() -> str:
    """Return where the request came from, as the gateway saw it; empty if there is none.

    An address, or the network of an IPv6 one: what budgets and locks count by.
    """
    return _source.get()


@contextmanager
def asked_from(source: str) -> Iterator[None]:
    """Mark where the request came from that is served within the block."""
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)


@contextmanager
def serving(request: str, wanted: Once | None = None) -> Iterator[None]:
    """Mark what is served within the block."""
    tokens = _request_id.set(request), _once.set(wanted)
    try:
        yield
    finally:
        _request_id.reset(tokens[0])
        _once.reset(tokens[1])


def note_look() -> None:
    """Note that a look at personal data is on record."""
    if (looks := _looks.get()) is not None:
        looks.noted = True


@contextmanager
def looking() -> Iterator[Looks]:
    """Notice looks within the block."""
    looks = Looks()
    token = _looks.set(looks)
    try:
        yield looks
    finally:
        _looks.reset(token)
