"""Simulated devices against a real MQTT 5 broker."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from tests.tools.cloud import Cloud, now_ms
from tools.simulate.conducts import CONDUCTS, Conduct
from tools.simulate.estate import Device
from tools.simulate.gate import Gate
from tools.simulate.lift_controller import LiftController
from tools.simulate.mqtt_device import Broker
from tools.simulate.signing import BadSignature, DeviceKey, opened
from tools.simulate.waiting import eventually


def test_a_gate_opens_once_and_acknowledges(broker: Broker, device: Device, cloud: Cloud) -> None:
    """The same bytes twice move the bolt once, and are acknowledged twice."""
    with Gate(device, broker) as gate:
        message = cloud.command()
        cloud.send(message)
        cloud.send(message)
        assert eventually(lambda: len(cloud.acks) == 2)
        assert gate.openings == 1
        assert {ack["result"] for ack in cloud.acks} == {"DONE"}
        assert cloud.raw_acks[0] == cloud.raw_acks[1]
        assert abs(cloud.acks[0]["at"] - now_ms()) < 2000


def test_a_round_trip_takes_milliseconds(broker: Broker, device: Device, cloud: Cloud) -> None:
    """Without TCP_NODELAY each would take 44 ms and more."""
    with Gate(device, broker):
        taken = []
        for _ in range(20):
            began = time.perf_counter()
            command_id = cloud.send(cloud.command())
            assert eventually(lambda wanted=command_id: cloud.result(wanted) == "DONE")  # type: ignore[misc]  # a default binds the name
            taken.append(time.perf_counter() - began)
        assert sorted(taken)[10] < 0.04


def test_forged_commands_move_nothing(broker: Broker, device: Device, cloud: Cloud) -> None:
    """A guessed key earns neither an opening nor an answer."""
    with Gate(device, broker) as gate:
        cloud.send(cloud.command(), key=DeviceKey(device.id, "k1", b"guess"))
        done = cloud.send(cloud.command())
        assert eventually(lambda: cloud.result(done) == "DONE")
        assert gate.openings == 1
        assert gate.handled[0].result == "IGNORED"
        assert len(cloud.acks) == 1


def test_before_the_cloud_told_the_time_nothing_moves(
    broker: Broker, device: Device, cloud: Cloud
) -> None:
    """A device without a clock rejects; the repeated hello then brings one."""
    cloud.tells_time = False
    gate = Gate(device, broker).start(timeout_s=0)
    try:
        assert eventually(lambda: cloud.session != "")
        early = cloud.send(cloud.command())
        assert eventually(lambda: cloud.result(early) == "REJECTED")
        assert cloud.acks[0]["reason"] == "no_clock"
        cloud.tells_time = True
        assert gate.ready.wait(5)
        later = cloud.send(cloud.command())
        assert eventually(lambda: cloud.result(later) == "DONE")
    finally:
        gate.stop()


def _sent_while_away(
    gate: Gate, cloud: Cloud, *, ttl_ms: int, expiry_s: int | None, back_s: float
) -> str:
    """Take the gate off the broker, send, wait `back_s`, and bring it back."""
    gate.start()
    gate.vanish()
    sent = cloud.send(cloud.command(ttl_ms=ttl_ms), expiry_s=expiry_s)
    time.sleep(back_s)
    gate.start()
    time.sleep(0.3)
    return sent


@pytest.mark.parametrize(
    ("conduct", "ttl_ms", "expiry_s", "reaches", "opens"),
    [
        ("naive", 500, None, True, 1),  # the danger that the fences are for
        ("only_clean_start", 500, None, False, 0),
        ("only_expiry", 500, 1, False, 0),
        ("only_clock", 500, None, True, 0),
        ("only_session", 60_000, None, True, 0),
        ("persistent", 60_000, None, True, 0),
        ("good", 500, 1, False, 0),
    ],
)
def test_each_fence_alone_keeps_a_stale_open_out(
    broker: Broker,
    device: Device,
    cloud: Cloud,
    conduct: str,
    *,
    ttl_ms: int,
    expiry_s: int | None,
    reaches: bool,
    opens: int,
) -> None:
    """A command sent while the gate is away never opens it, whichever one fence stands."""
    gate = Gate(device, broker, CONDUCTS[conduct])
    try:
        # mosquitto counts expiry in whole seconds: one second may last almost two.
        sent = _sent_while_away(
            gate, cloud, ttl_ms=ttl_ms, expiry_s=expiry_s, back_s=2.2 if expiry_s else 0.8
        )
        assert (sent in [done.command_id for done in gate.handled]) is reaches
        assert gate.openings == opens
    finally:
        gate.stop()


def test_a_slow_gate_judges_when_it_acts(broker: Broker, device: Device, cloud: Cloud) -> None:
    """What expired while the gate dawdled is rejected, not opened late."""
    with Gate(device, broker, Conduct(dawdle_s=0.6)) as gate:
        late = cloud.send(cloud.command(ttl_ms=300))
        assert eventually(lambda: cloud.result(late) == "REJECTED")
        assert gate.openings == 0


def test_silent_forged_and_repeated_acknowledgements(
    broker: Broker, device: Device, cloud: Cloud
) -> None:
    """The hostile conducts do what their names say, and the bolt still moves once each."""
    for name, raw in (("silent", 0), ("forged", 1), ("replayed", 2)):
        cloud.raw_acks.clear()
        with Gate(device, broker, CONDUCTS[name]) as gate:
            cloud.send(cloud.command())
            assert eventually(lambda gate=gate: gate.openings == 1)  # type: ignore[misc]  # as above
            assert eventually(lambda raw=raw: len(cloud.raw_acks) == raw)  # type: ignore[misc]  # as above
        for payload in cloud.raw_acks if name == "forged" else ():
            with pytest.raises(BadSignature):
                opened(device.key, payload)


def test_a_lift_controller_holds_releases_and_frees_itself(
    broker: Broker, device: Device, cloud: Cloud
) -> None:
    """A hold ends by release, by its own limit, and is refused in fire mode."""
    held = {"args": {"max_s": 1}}
    with LiftController(replace(device, kind="lift_controller"), broker) as lift:
        cloud.send(cloud.command("lift.hold") | held)
        assert eventually(lambda: lift.held)
        cloud.send(cloud.command("lift.release"))
        assert eventually(lambda: not lift.held)
        cloud.send(cloud.command("lift.hold") | held)
        assert eventually(lambda: lift.holds == 2)
        assert eventually(lambda: not lift.held)
        lift.fire_mode = True
        refused = cloud.send(cloud.command("lift.hold") | held)
        assert eventually(lambda: cloud.result(refused) == "REJECTED")
        assert not lift.held
        unknown = cloud.send(cloud.command("lift.fly"))
        assert eventually(lambda: cloud.result(unknown) == "REJECTED")


def test_a_jammed_gate_fails_and_says_so(broker: Broker, device: Device, cloud: Cloud) -> None:
    """FAILED with its reason, and nothing counted."""
    with Gate(device, broker) as gate:
        gate.jammed = True
        sent = cloud.send(cloud.command())
        assert eventually(lambda: cloud.result(sent) == "FAILED")
        assert gate.openings == 0
