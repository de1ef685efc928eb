"""Pure verdicts of a device: each fence alone, on a clock we turn by hand."""

from __future__ import annotations

from tools.simulate.conducts import CONDUCTS
from tools.simulate.fences import Fences, Judge, OffsetClock
from tools.simulate.signing import DeviceKey, Json, envelope

KEY = DeviceKey("gate-1", "k1", b"secret")
COMMAND: Json = {"id": "c1", "op": "gate.open", "iat": 1000, "exp": 6000, "session": "now"}


def judge(fences: Fences, *, cloud: int | None = 1000) -> Judge:
    """A judge whose clock stands at `cloud`."""
    clock = OffsetClock(monotonic=lambda: 50)
    if cloud is not None:
        clock.learn(cloud, 50)
    return Judge(KEY, fences, clock)


def sealed(**changes: object) -> bytes:
    """The command with changes, signed."""
    return envelope(KEY, COMMAND | changes).encode()


def test_a_good_command_acts_once() -> None:
    """The second arrival is answered again, not acted on."""
    both = judge(Fences())
    assert [both.verdict(sealed(), "now").action for _ in range(2)] == ["act", "again"]


def test_a_good_device_refuses_each_fault() -> None:
    """Stale, foreign session, no clock yet: rejected with the reason; unsigned: ignored."""
    assert judge(Fences()).verdict(sealed(session="old"), "now").reason == "other_session"
    assert judge(Fences(), cloud=6001).verdict(sealed(), "now").reason == "expired"
    assert judge(Fences(), cloud=6000).verdict(sealed(), "now").action == "act"
    assert judge(Fences(), cloud=None).verdict(sealed(), "now").reason == "no_clock"
    forged = envelope(DeviceKey("gate-1", "k1", b"guess"), COMMAND).encode()
    assert judge(Fences()).verdict(forged, "now").action == "ignore"
    assert judge(Fences()).verdict(b"\x00", "now").action == "ignore"
    assert judge(Fences()).verdict(envelope(KEY, {"id": "c1"}).encode(), "now").action == "ignore"


def test_each_fence_alone_stops_its_own_fault() -> None:
    """With every other fence down, one is enough for what it guards."""
    stale = sealed(session="old")
    assert judge(CONDUCTS["naive"].fences, cloud=9000).verdict(stale, "now").action == "act"
    assert (
        judge(CONDUCTS["only_session"].fences, cloud=9000).verdict(stale, "now").action == "reject"
    )
    assert judge(CONDUCTS["only_clock"].fences, cloud=9000).verdict(stale, "now").action == "reject"
    forged = envelope(DeviceKey("gate-1", "k1", b"guess"), COMMAND).encode()
    assert judge(CONDUCTS["only_clock"].fences).verdict(forged, "now").action == "act"
    assert judge(CONDUCTS["only_signature"].fences).verdict(forged, "now").action == "ignore"


def test_the_offset_clock_errs_to_late_and_keeps_the_best_answer() -> None:
    """A slow answer can only make the device refuse early, never act late."""
    clock = OffsetClock(monotonic=lambda: 500)
    assert clock.now() is None
    clock.learn(cloud=10_300, asked_at=0)  # stamped 300 ms after we asked
    assert clock.now() == 10_800  # the true cloud time is 10_500
    clock.learn(cloud=10_410, asked_at=400)
    assert clock.now() == 10_510
    clock.learn(cloud=10_900, asked_at=450)
    assert clock.now() == 10_510
