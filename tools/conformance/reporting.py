"""Checks of what a device reports, over HTTP and MQTT: judged over everything that it has said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from chalicelib.core.errors import Refusal
from chalicelib.devices.rules.catalogue import URGENT
from chalicelib.devices.rules.signing import WINDOW
from chalicelib.devices.rules.uplink import LIVE_FOR, RATE, Flow, Refused, admission, tokens
from chalicelib.devices.schemas.uplink import CLOUD_EVENTS
from tools.conformance.bench import Bench, words
from tools.conformance.check import FailedError, NotTriedError, check
from tools.conformance.seen import Json, Posted, Report, Said, moment, reports
from tools.simulate.signing import DeviceKey, webhook_headers

UP = "`source` is the device's id"
NUMBERS = "`sequence` (counts events since)"
ENOUGH = 5
"""Messages after which a device that only reports has said enough to be judged."""


def _each(bench: Bench, fault: Callable[[Report], str], *, by_http: bool = False) -> str:
    """Raise for the first message with a fault; `by_http` looks at requests alone."""
    told = [one for one in reports(bench.watch) if one.posted or not by_http]
    if not told:
        raise NotTriedError("it reported nothing over HTTP" if by_http else "it reported nothing")
    for number, one in enumerate(told, start=1):
        if said := fault(one):
            raise FailedError(f"message {number}: {said}")
    return f"{len(told)} messages"


@check(
    expected="it reports something by itself",
    clause="One event or an array of at most 100 (256 KB)",
)
def reports_something(bench: Bench) -> str:
    """Wait until it has said enough, or all of our patience."""
    wanted = 1 if bench.broker else ENOUGH
    bench.until(lambda: len(reports(bench.watch)) >= wanted)
    told = reports(bench.watch)
    if not told:
        raise NotTriedError(f"nothing came within {bench.pace.patience_s:.0f} s")
    types = Counter(str(event.get("type")) for one in told for event in one.events)
    return f"{len(told)} messages: {words(dict(types))}"


@check(
    expected="every message is signed with its key",
    clause="`v1,` + base64 of HMAC-SHA256 over `id.timestamp.body` with the device's key",
    needs="events",
)
def event_signed(bench: Bench) -> str:
    """Compute the signature of each anew."""

    def fault(one: Report) -> str:
        if isinstance(one.seen.what, Said):
            signed = bench.signed_text(one.seen.what.message.payload) is not None
            return "" if signed else "it is not signed with its key"
        return _unsigned(bench.device.key, one.posted)

    return _each(bench, fault)


def _unsigned(key: DeviceKey, posted: Posted | None) -> str:
    if posted is None:
        return ""
    needed = ("webhook-id", "webhook-timestamp", "webhook-signature", "x-linli-device")
    if missing := [name for name in (*needed, "x-linli-key-id") if not posted.header(name)]:
        return f"it has no {', '.join(missing)}"
    if posted.header("x-linli-device") != key.device_id:
        return f"it says that it is {posted.header('x-linli-device')}"
    if not posted.header("webhook-timestamp").isdigit():
        return f"its timestamp is {posted.header('webhook-timestamp')}, not seconds since 1970"
    stamp = int(posted.header("webhook-timestamp"))
    right = webhook_headers(key, posted.body, webhook_id=posted.header("webhook-id"), at_s=stamp)
    offered = posted.header("webhook-signature").split(" ")
    if right["webhook-signature"] not in offered and not any(o.startswith("v1a,") for o in offered):
        return "it is not signed with its key, or changed after it was signed"
    return ""


@check(
    expected="timestamps of messages lie within 300 s of cloud time",
    clause="seconds since 1970, within 300 s of ours",
    needs="events",
)
def timestamp(bench: Bench) -> str:
    """Wrong ones are forgiven until it has been told the server's time."""
    told = [one for one in reports(bench.watch) if one.posted]
    if not told:
        raise NotTriedError("it reported nothing over HTTP")
    set_right = next((place for place, one in enumerate(told, 1) if _was_told(one.posted)), 0)
    off = [_off_s(one) for one in told[set_right:]] or [0.0]
    wrong = [by for by in off if abs(by) > WINDOW.total_seconds()]
    if wrong:
        since = " since it was told the time" if set_right else ""
        raise FailedError(f"{len(wrong)} of {len(off)} are off{since}, by {wrong[-1]:+.0f} s")
    return f"off by {max(off, key=abs):+.0f} s at most"


def _off_s(one: Report) -> float:
    stamp = one.posted.header("webhook-timestamp") if one.posted else ""
    return (int(stamp) if stamp.isdigit() else 0) - one.seen.clock


def _was_told(posted: Posted | None) -> bool:
    """Return whether the device got to read the server's time."""
    stale = posted is not None and posted.answer.get("code") == "stale_timestamp"
    return stale and posted is not None and not posted.trick


@check(
    expected="the content type says that it is CloudEvents in JSON",
    clause="| `content-type` | `application/cloudevents+json`",
    needs="events",
)
def content_type(bench: Bench) -> str:
    """Look at the header of each request."""

    def fault(one: Report) -> str:
        said = one.posted.header("content-type") if one.posted else ""
        known = said.partition(";")[0].strip().lower() in CLOUD_EVENTS
        return "" if known else f"its content type is {words(said)}, not {CLOUD_EVENTS[0]}"

    return _each(bench, fault, by_http=True)


@check(expected="every event's source is the device itself", clause=UP, needs="events")
def source(bench: Bench) -> str:
    """Compare the source of each event with the device's id."""

    def fault(one: Report) -> str:
        foreign = [event.get("source") for event in one.events]
        other = [name for name in foreign if name not in {None, bench.device.id}]
        return f"its source is {words(other[0])}" if other else ""

    return _each(bench, fault)


@check(
    expected="every event can be read, and its data have the shape published for its type",
    clause="of the shape that is published for its `type`",
    needs="events",
)
def event_form(bench: Bench) -> str:
    """Read each message with the deployment's own eyes; the source is another check's."""

    def fault(one: Report) -> str:
        try:
            batch = bench.read(one.body)
        except Refusal as refusal:
            return f"it is refused: {refusal.code}"
        said = [one.errors if isinstance(one, Refused) else one.faults for one in batch]
        wrong = [faults[0] for faults in said if faults]
        strange = [fault for fault in wrong if fault["type"] != "foreign_source"]
        return f"{strange[0]['type']} at {words(strange[0]['loc'])}" if strange else ""

    return _each(bench, fault)


@check(
    expected="no two events have the same boot and sequence, and the boot never falls",
    clause=NUMBERS,
    needs="events",
)
def sequence(bench: Bench) -> str:
    """Compare the numbers of all events, by their ids."""
    numbered: dict[tuple[object, object], object] = {}
    for event in _events(bench):
        place = (event.get("boot"), event.get("sequence"))
        first = numbered.setdefault(place, event.get("id"))
        if first != event.get("id"):
            raise FailedError(f"two events have boot {place[0]} and sequence {place[1]}")
    return f"{len(numbered)} numbers"


@check(
    expected="one id never names two events",
    clause="once for (`source`, `id`) within 30 days",
    needs="events",
)
def event_ids(bench: Bench) -> str:
    """Compare the events that have the same id, but for the mark of a replay."""
    known: dict[object, Json] = {}
    for event in _events(bench):
        told = {name: value for name, value in event.items() if name != "replayed"}
        if known.setdefault(event.get("id"), told) != told:
            raise FailedError(f"two different events have the id {words(event.get('id'))}")
    return f"{len(known)} ids"


def _events(bench: Bench) -> Iterator[Json]:
    for one in reports(bench.watch):
        yield from one.events


@check(
    expected="an event's time is less than five minutes off, or the event is marked as replayed",
    clause="What happened over five minutes ago or is `replayed` is kept as history",
    needs="events",
)
def event_time(bench: Bench) -> str:
    """Compare each time with when the event came."""
    worst = timedelta()
    for one in reports(bench.watch):
        came = datetime.fromtimestamp(one.seen.clock, UTC)
        for event in one.events:
            at = moment(event.get("time"))
            off = at - came if at else timedelta()
            worst = max(worst, off, key=abs)
            if abs(off) > LIVE_FOR and not event.get("replayed"):
                told = f"an event's time is off by {off.total_seconds():+.0f} s"
                raise FailedError(f"{told} and it is not marked as replayed")
    return f"off by {worst.total_seconds():+.1f} s at most"


@check(
    expected="it sends no more than 10 events a second and 50 at once, or waits when it is told",
    clause="over 10 events a second (burst 50; alarms 200)",
    needs="events",
)
def rate(bench: Bench) -> str:
    """Pour what it sent into the buckets that the deployment has for it."""
    flow, early = Flow.new(datetime.fromtimestamp(bench.watch.all[0].clock, UTC)), 0
    per_second: Counter[int] = Counter()
    for one in reports(bench.watch):
        at, events = datetime.fromtimestamp(one.seen.clock, UTC), max(1, len(one.events))
        alarm = not URGENT.isdisjoint(str(event.get("type")) for event in one.events)
        per_second[int(one.seen.at)] += events
        early += events if flow.is_early(at) else 0
        cost = sum(tokens(e.get("type"), e.get("data")) for e in one.events) or events
        paced = one.posted is not None
        flow = admission(flow, events, at, alarm=alarm, paced=paced, cost=cost).flow
    peak = max(per_second.values())
    if early or flow.held_until:
        held = ", and a quarantine" if flow.held_until else ""
        raise FailedError(f"{early} events were too many{held}; {peak} came within one second")
    return f"{peak} events within one second at most, of {RATE:.0f} a second"


@check(
    expected="its events and its hello count the same boot",
    clause=NUMBERS,
    needs="ready events",
)
def same_boot(bench: Bench) -> str:
    """Compare the boots of events with those that were announced."""
    announced = {one.get("boot") for one in bench.hellos()}
    told = {event.get("boot") for event in _events(bench)} - {None}
    if told - announced:
        raise FailedError(f"its events say boot {words(sorted(map(str, told - announced)))}")
    return "the same"
