"""Journey A: a visitor rings, a resident taps once, the gate opens once and never late."""

from __future__ import annotations

import json
import time
import uuid
from datetime import UTC, datetime

from tests.journeys.operator import BrokerDoor
from tests.journeys.town import Town, at_once
from tools.simulate.signing import DeviceKey, envelope
from tools.simulate.waiting import eventually


def test_one_tap_opens_the_gate_once(town: Town):
    with town.gate() as gate:
        call_id = town.ring()
        call = town.resident.read(f"/resident/calls/{call_id}")
        assert call["state"] == "RINGING"
        assert call["gate_id"] == gate.device.id
        answer = town.open(call_id)
        assert answer.status_code == 200, answer.text
        opening = answer.json()
        assert opening["state"] == "OPENED"
        assert [done.command_id for done in gate.handled] == [opening["command_id"]]
        assert gate.openings == 1
        assert eventually(lambda: town.state(call_id) == "OPENED")


def test_the_same_key_again_is_the_same_answer(town: Town):
    with town.gate() as gate:
        call_id, key = town.ring(), str(uuid.uuid4())
        first, second = town.open(call_id, key=key), town.open(call_id, key=key)
        assert (first.status_code, second.status_code) == (200, 200), second.text
        assert first.json()["command_id"] == second.json()["command_id"]
        assert second.json()["state"] == "OPENED"
        assert gate.openings == 1


def test_a_double_tap_is_one_command(town: Town):
    with town.gate() as gate:
        call_id, key = town.ring(), str(uuid.uuid4())
        taps = at_once(*[lambda: town.open(call_id, key=key)] * 5)
        assert {tap.status_code for tap in taps} == {200}, [tap.text for tap in taps]
        assert len({tap.json()["command_id"] for tap in taps}) == 1
        assert gate.openings == 1
        assert len(gate.handled) == 1


def test_another_key_after_success_opens_nothing_more(town: Town):
    with town.gate() as gate:
        call_id = town.ring()
        first, second = town.open(call_id), town.open(call_id)
        assert first.status_code == 200
        assert second.status_code in {200, 409}, second.text
        if second.status_code == 200:
            assert second.json()["command_id"] == first.json()["command_id"]
        time.sleep(0.3)
        assert gate.openings == 1


def test_a_key_used_for_another_call_is_refused(town: Town):
    with town.gate() as gate:
        one, other, key = town.ring(), town.ring(number=1), str(uuid.uuid4())
        assert town.open(one, key=key).status_code == 200
        reused = town.open(other, key=key)
        assert (reused.status_code, reused.json()["code"]) == (409, "idempotency_key_reused")
        assert town.state(other) == "RINGING"
        assert gate.openings == 1


def test_two_of_one_flat_race_and_one_wins(town: Town):
    with town.gate() as gate:
        call_id = town.ring()
        taps = at_once(lambda: town.open(call_id), lambda: town.open(call_id, by="housemate"))
        assert sorted(tap.status_code for tap in taps) == [200, 409], [t.text for t in taps]
        lost = next(tap for tap in taps if tap.status_code == 409)
        assert lost.json()["code"] in {"already_answered", "lost_race"}
        again = town.open(call_id, by="housemate" if taps[0].status_code == 200 else "resident")
        assert (again.status_code, again.json()["code"]) == (409, "already_answered")
        assert gate.openings == 1


def test_a_denied_visitor_stays_outside(town: Town):
    with town.gate() as gate:
        call_id = town.ring()
        denied = town.resident.post(f"/resident/calls/{call_id}/deny")
        assert (denied.status_code, denied.json()["state"]) == (200, "DENIED")
        late = town.open(call_id)
        assert (late.status_code, late.json()["code"]) == (409, "already_answered")
        assert gate.openings == 0


def test_nobody_else_sees_or_answers_the_call(town: Town):
    with town.gate() as gate:
        call_id = town.ring()
        for stranger in ("second_resident", "foreign_resident"):
            person = town.person(stranger)
            assert all(c["call_id"] != call_id for c in person.read("/resident/calls")["items"])
            seen = person.get(f"/resident/calls/{call_id}")
            assert (seen.status_code, seen.json()["code"]) == (404, "no_such_call")
            for tap in (
                person.post(f"/resident/calls/{call_id}/{verb}") for verb in ("open", "deny")
            ):
                assert (tap.status_code, tap.json()["code"]) == (404, "no_such_call")
        staff = town.staff.post(f"/resident/calls/{call_id}/open")
        assert (staff.status_code, staff.json()["code"]) == (403, "wrong_audience")
        assert town.state(call_id) == "RINGING"
        assert gate.openings == 0


def test_another_tenants_gate_or_flat_and_a_gate_elsewhere_ring_nobody(town: Town):
    before = {call["call_id"] for call in town.calls()}
    foreign = town.person("foreign_resident")
    for unit, gate in (
        ("unit", "foreign_gate"),
        ("foreign_unit", "gate"),
        ("unit", "second_gate"),
    ):
        town.panel.ring(town.estate.ids[unit], town.estate.ids[gate])
    call_id = town.ring()  # rung last: when it is there, the others would be
    assert {call["call_id"] for call in town.calls()} - before == {call_id}
    assert foreign.read("/resident/calls")["items"] == []


def test_a_replayed_ring_is_one_call(town: Town):
    town.quiet()
    before = {call["call_id"] for call in town.calls()}
    event = town.panel.ringing(town.estate.ids["unit"], town.estate.ids["gate"])
    message = f"replay-{uuid.uuid4()}"
    answers = at_once(*[lambda: town.panel.send(event, webhook_id=message)] * 10)
    assert {answer.status_code for answer in answers} == {200}, [a.text for a in answers]
    assert sum(not answer.json()["duplicate"] for answer in answers) == 1
    again = town.panel.send(event)  # another message with the same event
    assert again.status_code == 200
    assert len(town.new_calls(before)) == 1
    town.ring()
    assert len(town.new_calls(before)) == 2


def test_a_reused_message_id_with_another_body_is_refused(town: Town):
    message = f"reused-{uuid.uuid4()}"
    unit, gate = "nobody", town.estate.ids["gate"]
    assert town.panel.send(town.panel.ringing(unit, gate), webhook_id=message).status_code == 200
    other = town.panel.send(town.panel.ringing(unit, gate), webhook_id=message)
    assert (other.status_code, other.json()["code"]) == (409, "message_id_reused")


def test_an_old_ring_rings_nobody(town: Town):
    before = {call["call_id"] for call in town.calls()}
    stale = town.panel.ringing(town.estate.ids["unit"], town.estate.ids["gate"])
    stale["time"] = datetime.fromtimestamp(time.time() - 600, UTC).isoformat()
    assert town.panel.send(stale).status_code == 200
    call_id = town.ring()
    assert {call["call_id"] for call in town.calls()} - before == {call_id}


def test_forged_commands_move_nothing(town: Town, system_broker: BrokerDoor):
    with town.gate() as gate:
        now = time.time_ns() // 1_000_000
        order = {"id": "forged", "op": "gate.open", "args": {}, "iat": now, "exp": now + 5000}
        order |= {"session": gate.session, "by": "nobody"}
        stranger = DeviceKey(gate.device.id, gate.device.key.key_id, b"a guess")
        system_broker.publish(gate.topic("cmd"), envelope(stranger, order))
        assert eventually(lambda: gate.handled)
        assert gate.handled[0].result == "IGNORED"
        assert gate.openings == 0
        # And a device cannot even reach another one's topic.
        with town.gate(number=1) as neighbour:
            neighbour._client.publish(gate.topic("cmd"), envelope(gate.device.key, order), qos=1)
            time.sleep(0.5)
        assert len(gate.handled) == 1


def test_a_forged_acknowledgement_opens_no_call(town: Town):
    with town.gate("forged") as gate:
        call_id = town.ring()
        answer = town.open(call_id)
        assert (answer.status_code, answer.json()["state"]) == (202, "SENT"), answer.text
        assert gate.openings == 1
        assert town.state(call_id) == "SENT"


def test_an_old_acknowledgement_does_not_fit_a_new_command(town: Town):
    with town.gate() as gate:
        first = town.open(town.ring()).json()
        genuine = json.loads(gate.acks[first["command_id"]])
    with town.gate("silent") as gate:
        call_id = town.ring()
        command = town.open(call_id).json()
        gate.publish_ack(json.dumps(genuine | {"id": command["command_id"]}))
        gate.publish_ack(json.dumps(genuine))
        time.sleep(0.5)
        again = town.open(call_id)
        assert (again.status_code, again.json()["state"]) == (202, "SENT"), again.text
        assert town.state(call_id) == "SENT"


def test_a_repeated_acknowledgement_changes_nothing(town: Town):
    with town.gate("replayed") as gate:
        call_id = town.ring()
        assert town.open(call_id).json()["state"] == "OPENED"
        assert gate.openings == 1
        assert eventually(lambda: town.state(call_id) == "OPENED")


def test_a_jammed_gate_is_said_to_have_failed(town: Town):
    with town.gate() as gate:
        gate.jammed = True
        call_id = town.ring()
        answer = town.open(call_id)
        assert (answer.status_code, answer.json()["state"]) == (200, "FAILED"), answer.text
        assert eventually(lambda: town.state(call_id) == "FAILED")
        assert town.open(call_id).json()["state"] == "FAILED"
        assert len(gate.handled) == 1


def test_an_expired_call_opens_nothing(town: Town):
    expires = datetime.fromisoformat(
        town.resident.read(f"/resident/calls/{town.early_call}")["expires_at"]
    )
    time.sleep(max(0.0, expires.timestamp() - time.time() + 0.2))
    with town.gate() as gate:
        assert town.state(town.early_call) == "EXPIRED"
        late = town.open(town.early_call)
        assert (late.status_code, late.json()["code"]) == (422, "call_expired")
        assert gate.openings == 0
