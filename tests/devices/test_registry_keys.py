"""Two live keys: a new one serves at once, an old one until it is withdrawn."""

import base64
import threading
from datetime import timedelta

import pytest

from chalicelib.core import clock, context
from chalicelib.core.errors import Conflict, NotFound, Unprocessable
from chalicelib.devices import public as devices
from chalicelib.devices.rules.commands import Hello
from chalicelib.devices.rules.signing import mqtt_password
from chalicelib.devices.service import keys, registry
from chalicelib.devices.tables.registry import note_hello
from infra.one_machine import accounts
from tests.devices.conftest import event, row_of

BEAT = {"type": "device.heartbeat", "data": {}}


def with_key(device, issued):
    return devices.Enrolment(device.device_id, device.kind, issued.key_id, issued.key)


def heard(signed, device):
    return signed(device, event(device.device_id, **BEAT)).status


def test_a_new_key_serves_at_once_and_the_old_one_still(gate, community, signed):
    assert heard(signed, gate) == 200  # now this process remembers the device
    new = with_key(gate, keys.rotate(community, gate.device_id))
    assert (new.key_id, new.key == gate.key) == ("k2", False)
    assert heard(signed, new) == heard(signed, gate) == 200


def test_a_process_that_remembers_the_device_reads_it_again_for_a_new_key(gate, community):
    stale = registry.remembered(gate.device_id)
    with clock.standing_at(clock.now() + timedelta(seconds=2)):
        # Another process rotates: nothing in this one is told.
        row = row_of(gate.device_id)
        keys.issue(row)
        row.save()
        assert registry.remembered(gate.device_id) is stale
        fresh = keys.speaker(gate.device_id, "k2")
        assert fresh is not None
        assert "k2" in fresh.keys
        assert keys.speaker(gate.device_id, "k2") is registry.remembered(gate.device_id)


def test_made_up_key_ids_do_not_make_us_read_for_each(gate):
    registry.remembered(gate.device_id)
    with clock.standing_at(clock.now() + timedelta(seconds=2)):
        first = keys.speaker(gate.device_id, "k999")
        assert all(keys.speaker(gate.device_id, f"x{n}") is first for n in range(20))


def test_a_withdrawn_key_is_refused_and_its_id_is_never_given_again(gate, community, signed):
    second = with_key(gate, keys.rotate(community, gate.device_id))
    left = keys.withdraw(community, gate.device_id, second.key_id)
    assert [one.key_id for one in left.items] == ["k1"]
    assert keys.withdraw(community, gate.device_id, second.key_id) == left  # its answer was lost
    assert heard(signed, second) == 401
    assert keys.rotate(community, gate.device_id).key_id == "k3"


def test_a_device_never_has_three_keys_nor_none(gate, community):
    with pytest.raises(Unprocessable, match="last_key"):
        keys.withdraw(community, gate.device_id, "k1")
    keys.rotate(community, gate.device_id)
    with pytest.raises(Unprocessable, match="too_many_keys"):
        keys.rotate(community, gate.device_id)
    with pytest.raises(NotFound, match="no_such_key"):
        keys.withdraw(community, gate.device_id, "k9")
    with pytest.raises(NotFound, match="no_such_device"):
        keys.rotate("com_other", gate.device_id)


def password_of(device):
    return {one.device_id: one.password for one in accounts.enrolled()}[device.device_id]


def test_rotating_shuts_nobody_out_of_the_broker(gate, community):
    new = keys.rotate(community, gate.device_id)
    first, second = (mqtt_password(base64.b64decode(one.key)) for one in (gate, new))
    assert password_of(gate) == first
    newest = keys.account(gate.device_id)
    assert newest is not None
    assert newest.key == new.key
    keys.withdraw(community, gate.device_id, "k1")
    assert password_of(gate) == second


def test_a_gate_is_told_with_the_key_that_it_said_hello_with(gate, community):
    note_hello(gate.device_id, Hello("s1", 1, 5), 1_000, key_id="k1")
    keys.rotate(community, gate.device_id)
    assert keys.signing_key(row_of(gate.device_id))[0] == "k1"
    note_hello(gate.device_id, Hello("s2", 2, 5), 2_000, key_id="k2")
    assert keys.signing_key(row_of(gate.device_id))[0] == "k2"
    keys.withdraw(community, gate.device_id, "k2")
    assert keys.signing_key(row_of(gate.device_id))[0] == "k1"


def test_a_hello_meanwhile_is_not_lost(gate, community):
    """A rotation that raced with a hello must not write the old session back."""
    row = row_of(gate.device_id)
    assert note_hello(gate.device_id, Hello("fresh", 2, 5), 1_000)
    keys.issue(row)
    with pytest.raises(Exception, match="conditional"):
        row.save()
    keys.rotate(community, gate.device_id)
    after = row_of(gate.device_id)
    assert (after.session, list(after.keys)) == ("fresh", ["k1", "k2"])


def test_twenty_rotations_at_once_make_one_key(gate, community):
    made, refused = [], []

    def rotate():
        try:
            with context.serving("race"):
                made.append(keys.rotate(community, gate.device_id))
        except (Unprocessable, Conflict) as refusal:
            refused.append(refusal.code)

    racing = [threading.Thread(target=rotate) for _ in range(20)]
    for one in racing:
        one.start()
    for one in racing:
        one.join()
    assert len(made) == 1
    assert set(refused) <= {"too_many_keys", "lost_race"}
    assert list(row_of(gate.device_id).keys) == ["k1", made[0].key_id]
