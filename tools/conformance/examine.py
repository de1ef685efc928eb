"""One examination: relays around a device, every check in order, a report at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tools.conformance import (
    acknowledging,
    commanding,
    connection,
    enduring,
    reconnecting,
    reporting,
)
from tools.conformance.bench import Bench, Pace
from tools.conformance.broker_relay import BrokerRelay
from tools.conformance.check import Check, Finding, tried
from tools.conformance.moves import Moves, Told
from tools.conformance.orders import repertoire
from tools.conformance.seen import Watch
from tools.conformance.upstream import Upstream
from tools.conformance.web_relay import WebRelay
from tools.simulate.estate import Device
from tools.simulate.person import Person

CHECKS: tuple[Check, ...] = (
    connection.connects,
    connection.hello,
    connection.clean_start,
    connection.last_will,
    connection.says_online,
    connection.listens,
    commanding.carries_out,
    reporting.reports_something,
    enduring.sends_again,
    enduring.waits_when_told,
    commanding.moves_before_it_says_so,
    commanding.repeated_id,
    commanding.bad_signature,
    commanding.expired,
    commanding.other_session,
    commanding.unknown_command,
    commanding.every_command,
    commanding.false_time,
    reconnecting.hello_after_reconnecting,
    reconnecting.stale_command,
    reconnecting.old_retained,
    reconnecting.cloud_time,
    commanding.restart,
    commanding.works_still,
    connection.new_sessions,
    connection.own_topics,
    acknowledging.ack_signed,
    acknowledging.ack_names_command,
    acknowledging.ack_result,
    acknowledging.ack_delivery,
    reporting.event_signed,
    reporting.timestamp,
    reporting.content_type,
    reporting.source,
    reporting.event_form,
    reporting.sequence,
    reporting.event_ids,
    reporting.event_time,
    reporting.rate,
    reporting.same_boot,
    enduring.recorded,
    enduring.measures,
)
"""In the order in which they are made: what disturbs a device comes late, what judges all last."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Where the device finds us; port 0 is any free one."""

    host: str = "127.0.0.1"
    http_port: int = 0
    mqtt_port: int = 0


PATIENT, LOOPBACK = Pace(), Listen()


@dataclass(frozen=True, slots=True)
class Wish:
    """What is examined and where: `upstream` None for a device that speaks HTTP alone."""

    device: Device
    base_url: str
    upstream: Upstream | None
    staff: Person | None = None
    pace: Pace = PATIENT
    listen: Listen = LOOPBACK


@contextmanager
def bench_of(wish: Wish, moves: Moves | None = None) -> Iterator[Bench]:
    """Put the relays around a device; it must be pointed at them before it is examined."""
    watch, known, at = Watch(), repertoire(wish.device.kind), wish.listen
    with ExitStack() as stack:
        web = stack.enter_context(WebRelay(wish.base_url, watch, (at.host, at.http_port)))
        broker = None
        if wish.upstream is not None:
            broker = stack.enter_context(BrokerRelay(wish.upstream, watch, (at.host, at.mqtt_port)))
        if moves is None and known is not None:
            moves = Told(watch, known.moved)
        yield Bench(wish.device, watch, web, broker, wish.staff, known, moves, wish.pace)


def examined(bench: Bench, tell: Callable[[Finding], None] = lambda _: None) -> list[Finding]:
    """Make every check, and tell of each when it is made."""
    findings = []
    for one in CHECKS:
        findings.append(tried(one, bench))
        tell(findings[-1])
    return findings
