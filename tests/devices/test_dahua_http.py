"""The Dahua driver against a controller on loopback, and against all that it does wrong."""

import socket
import time
from collections.abc import Iterator

import pytest

from chalicelib.core.config import settings
from chalicelib.devices.drivers import dahua_http
from chalicelib.devices.events import Carried, Connection, Order
from tests.devices.dahua import PASSWORD, USER, Controller

DONE = Carried("DONE")


def allow(monkeypatch: pytest.MonkeyPatch, listed: str) -> None:
    monkeypatch.setenv("LINLI_DRIVER_HOSTS", listed)
    settings.cache_clear()


@pytest.fixture
def controller(monkeypatch: pytest.MonkeyPatch) -> Iterator[Controller]:
    with Controller() as made:
        allow(monkeypatch, f"10.20.0.0/24,127.0.0.1:{made.port}")
        yield made
    monkeypatch.undo()
    settings.cache_clear()


def order(port: int, op: str = "door.open", *, left_ms: int = 5_000, **changes) -> Order:
    at = {"host": "127.0.0.1", "port": port, "channel": 2, "user": USER, "password": PASSWORD}
    return Order("c", "d", op, {}, b"{}", Connection(**{**at, **changes}), left_ms)


def failed(reason: str) -> Carried:
    return Carried("FAILED", reason)


@pytest.mark.parametrize(
    ("op", "action"),
    [
        ("gate.open", ("openDoor", "2")),
        ("door.open", ("openDoor", "2")),
        ("barrier.open", ("openStrobe", "2")),
        ("device.restart", ("reboot", "")),
    ],
)
@pytest.mark.parametrize(("algorithm", "qop"), [("MD5", "auth"), ("MD5", ""), ("SHA-256", "auth")])
def test_a_command_becomes_one_call_with_the_controllers_password(
    controller, op, action, algorithm, qop
):
    controller.algorithm, controller.qop = algorithm, qop
    assert dahua_http.carry(order(controller.port, op)) == DONE
    assert controller.opened == [action]


def test_what_dahua_does_not_know_is_rejected_without_a_call(controller):
    said = dahua_http.carry(order(controller.port, "lift.hold"))
    assert said == Carried("REJECTED", "not_by_this_driver")
    assert controller.asked == []


@pytest.mark.parametrize(
    ("conduct", "said", "opened"),
    [
        ("slow", DONE, 1),
        ("busy", failed("http_500"), 0),
        ("fails_to_open", failed("http_500"), 0),
        ("refuses", failed("refused"), 0),
        ("forgets_its_challenge", failed("bad_credentials"), 0),
        ("hangs", failed("no_answer"), 0),
        ("hangs_before_opening", None, 0),
        ("opens_and_says_nothing", None, 1),
        ("closes", failed("no_answer"), 0),
        ("trickles", failed("no_answer"), 0),
        ("babbles", failed("no_answer"), 0),
        ("redirects", failed("http_302"), 0),
        ("lets_anybody_in", failed("no_password_set"), 0),
        ("wants_basic", failed("no_digest"), 0),
        ("wants_something_odd", failed("no_answer"), 0),
    ],
)
def test_each_failure_is_said_for_what_it_is_and_nothing_is_asked_twice(
    controller, conduct, said, opened
):
    controller.conduct = conduct
    begun = time.monotonic()
    assert dahua_http.carry(order(controller.port, left_ms=600)) == said
    assert time.monotonic() - begun < 0.9, "a command of 0.6 s was waited for longer"
    assert len(controller.opened) == opened
    assert len(controller.asked) == len(set(controller.asked)) <= 2


def test_a_wrong_password_opens_nothing(controller):
    assert dahua_http.carry(order(controller.port, password="guess")) == failed("bad_credentials")
    assert controller.opened == []


def test_a_controller_that_hung_finds_nothing_to_open_when_it_wakes(controller):
    """What lay in its buffer was a question without authority; nobody is there any more."""
    controller.conduct = "hangs"
    assert dahua_http.carry(order(controller.port, left_ms=300)) == failed("no_answer")
    time.sleep(1.6)
    assert controller.opened == []
    assert all("openDoor" not in path for path in controller.asked)


def test_nobody_there_is_said_at_once(controller, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    allow(monkeypatch, f"127.0.0.1:{port}")
    assert dahua_http.carry(order(port)) == failed("unreachable")


def test_an_address_off_the_list_is_never_called(controller, monkeypatch):
    allow(monkeypatch, "10.20.0.0/24")
    assert dahua_http.carry(order(controller.port)) == failed("address_not_allowed")
    assert controller.asked == []


def test_the_password_is_in_no_trace_of_an_order(controller):
    assert PASSWORD not in repr(order(controller.port))
