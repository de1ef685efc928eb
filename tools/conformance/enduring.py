"""Checks of what becomes of a device's reports: outages, being told to wait, the record."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.core.errors import Refusal
from chalicelib.devices.rules.catalogue import PROFILES
from chalicelib.devices.rules.uplink import Reported
from tools.conformance.bench import Bench, words
from tools.conformance.check import FailedError, NotTriedError, check
from tools.conformance.seen import Json, Posted, Report, events_of, reports
from tools.conformance.web_relay import BUSY, BUSY_S, LOST

EARLY_S = 0.3
"""How much too early a device may be whose clock runs a little fast."""

NOTHING = (-1, -1)

RECORDED_S = 60.0
"""How long after it was accepted an event may take to be on record."""


@check(
    expected="a message whose answer was lost is sent again, under the same id",
    clause="the same again gets the first answer",
    needs="events",
)
def sends_again(bench: Bench) -> str:
    """Pass one of its messages on, and keep the answer from it."""
    lost = _played(bench, LOST)
    again = bench.until(lambda: _again(bench, lost))
    if again is None:
        raise FailedError(f"it did not send {words(_ids(lost)[:3])} again")
    first, second = (one.header("webhook-id") for one in (lost.what, again.what))
    if first != second:
        return f"sent again, under another webhook-id ({first}, then {second})"
    return "sent again under the same webhook-id"


@check(
    expected="told 429, it waits as long as Retry-After says and sends the same again",
    clause="wait for `Retry-After`, send the same again",
    needs="events",
)
def waits_when_told(bench: Bench) -> str:
    """Answer one of its messages with 429 ourselves."""
    told = _played(bench, BUSY)
    again = bench.until(lambda: _again(bench, told))
    if again is None:
        raise FailedError(f"it did not send {words(_ids(told)[:3])} again")
    waited = _later(bench, told)[0].at - told.at
    if waited < BUSY_S - EARLY_S:
        raise FailedError(f"it came again after {waited:.1f} s and was told {BUSY_S} s")
    return f"came again after {waited:.1f} s"


@dataclass(frozen=True, slots=True)
class _Post:
    """A message over HTTP and when it came."""

    at: float
    what: Posted


def _posts(bench: Bench) -> list[_Post]:
    return [_Post(one.seen.at, one.posted) for one in reports(bench.watch) if one.posted]


def _played(bench: Bench, trick: str) -> _Post:
    """Play a trick on its next message; one that only tells what it did is told to do something.

    Raises NotTriedError if no message comes.
    """
    if not _posts(bench):
        raise NotTriedError("it reports over MQTT, where nothing is answered")
    bench.web.tricks.append(trick)
    try:
        found: _Post | None = bench.until(
            lambda: _tricked(bench, trick), within_s=bench.pace.quiet_s
        )
        if found is None and bench.repertoire and bench.broker and bench.is_ready():
            bench.give(bench.command())
        found = found or bench.until(lambda: _tricked(bench, trick))
    finally:
        bench.web.tricks.clear()
    if found is None:
        raise NotTriedError(f"no message came within {bench.pace.patience_s:.0f} s")
    return found


def _tricked(bench: Bench, trick: str) -> _Post | None:
    return next((one for one in _posts(bench) if one.what.trick == trick), None)


def _later(bench: Bench, than: _Post) -> list[_Post]:
    return [one for one in _posts(bench) if one.at > than.at]


def _again(bench: Bench, lost: _Post) -> _Post | None:
    """Return the later message that brings all lost events again."""
    wanted = set(_ids(lost))
    return next((one for one in _later(bench, lost) if wanted <= set(_ids(one))), None)


def _ids(post: _Post) -> list[str]:
    return [str(event.get("id")) for event in events_of(post.what.body)]


@check(
    expected="what it reported last is on record, as the staff see it",
    clause="the greater (`boot`, `sequence`) is newer",
    needs="events staff",
)
def recorded(bench: Bench) -> str:
    """Compare the greatest numbers that we saw with those that staff are shown."""
    sent = max(
        ((event.get("boot", -1), event.get("sequence", -1)) for event in _sent(bench)),
        default=NOTHING,
    )

    def shown() -> tuple[int, int]:
        assert bench.staff is not None
        told = bench.staff.read(f"/property/devices/{bench.device.id}/state")
        return told["boot"] or -1, told["sequence"] or -1

    if sent == NOTHING:
        raise NotTriedError("nothing that it sent was accepted")
    bench.until(lambda: shown() >= sent, within_s=RECORDED_S)
    if shown() < sent:
        raise FailedError(f"it sent boot, sequence {sent}; on record are {shown()}")
    return f"boot {sent[0]}, sequence {sent[1]}"


def _sent(bench: Bench) -> list[Json]:
    """Return the events that were accepted; what came over MQTT if it can be read."""
    taken = []
    for one in reports(bench.watch):
        if one.posted is None:
            batch = _read(bench, one)
        else:
            batch = [r["status"] != "invalid" for r in one.posted.answer.get("results", [])]
        taken += [event for event, good in zip(one.events, batch, strict=False) if good]
    return taken


def _read(bench: Bench, one: Report) -> list[bool]:
    try:
        batch = bench.read(one.body)
    except Refusal:
        return []
    return [isinstance(event, Reported) for event in batch]


@check(
    expected="what its kind measures is shown to staff, in the units of the kind",
    clause="in the unit of the index",
    needs="events staff",
)
def measures(bench: Bench) -> str:
    """Compare the quantities that staff see with those of the kind."""
    known = PROFILES[bench.device.kind].telemetry if bench.device.kind in PROFILES else None  # type: ignore[index]  # a StrEnum's text is the key
    if not known:
        raise NotTriedError("its kind measures nothing")
    if all(event.get("type") != "device.telemetry" for event in _sent(bench)):
        raise NotTriedError("no measurement of its was accepted")
    assert bench.staff is not None
    staff, path = bench.staff, f"/property/devices/{bench.device.id}/state"
    bench.until(lambda: staff.read(path)["readings"], within_s=RECORDED_S)
    shown = {one["quantity"]: one["unit"] for one in staff.read(path)["readings"]}
    if not shown:
        raise FailedError(f"staff see no reading; the kind measures {', '.join(sorted(known))}")
    return words(shown)
