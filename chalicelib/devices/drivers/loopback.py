"""A bus within this process: what tests and simulations choose instead of a broker."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from chalicelib.devices.events import Order

Listener = Callable[[str, bytes], None]

_listeners: list[Listener] = []


def carry(order: Order) -> None:
    """Publish a command; whoever plays the device answers as devices do."""
    publish(order.topic, order.message, expiry_s=order.expiry_s)


def publish(topic: str, payload: bytes, *, expiry_s: int) -> None:  # noqa: ARG001 -- at once
    """Hand one message to everybody who listens; with nobody there it is lost."""
    for listener in tuple(_listeners):
        listener(topic, payload)


@contextmanager
def subscribed(listener: Listener) -> Iterator[None]:
    """Let `listener(topic, payload)` hear every message within the block."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
