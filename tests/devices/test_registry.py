"""Who provisions devices sees each with its newest key."""

import base64

import pytest

from chalicelib.core.errors import NotFound
from chalicelib.devices import public as devices
from chalicelib.devices.service.registry import key_of


def test_an_account_is_what_was_enrolled(gate: devices.Enrolment, community: str):
    known = devices.account(gate.device_id)
    assert known == devices.Account(
        gate.device_id, community, "gate", "east", gate.key_id, gate.key
    )
    row = devices.device_of(community, gate.device_id)
    assert key_of(row, gate.key_id) == base64.b64decode(gate.key)


def test_an_unknown_device_has_no_account(cloud, community: str):
    assert devices.account("dev_none") is None
    with pytest.raises(NotFound):
        devices.device_of(community, "dev_none")
