"""No device ever stands behind a gateway that is no more, whoever comes and goes at once."""

import pytest

from chalicelib.core import outbox
from chalicelib.core.errors import Conflict, NotFound, Unprocessable
from chalicelib.devices import public as devices
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.service import enrolment, gateways, registry, sheets
from chalicelib.devices.service.enrolment import Spot
from tests.devices.conftest import row_of
from tests.devices.test_enrolment_sheets import csv_of
from tests.devices.test_enrolment_sheets import smoke as smoke_line


@pytest.fixture
def gateway(grounds) -> str:
    made = devices.enrol(
        grounds.community, Kind.GATEWAY, place_id="roof", name="网关", node_path=grounds.path
    )
    return made.device_id


def smoke(grounds, gateway_id=""):
    return devices.enrol(
        grounds.community,
        Kind.SMOKE_SENSOR,
        place_id="hall",
        name="烟感",
        node_path=grounds.path,
        gateway_id=gateway_id,
    ).device_id


def test_who_was_checked_before_the_gateway_went_is_refused(grounds, gateway):
    enrolment.retire(grounds.community, gateway, by="per_wang")
    with pytest.raises(NotFound, match="no_such_gateway"):
        smoke(grounds, gateway)
    sensor = row_of(smoke(grounds))
    sensor.gateway_id = gateway
    with pytest.raises(Conflict):
        outbox.commit(sensor, given=[gateways.joining(grounds.community, gateway)])
    assert row_of(sensor.device_id).gateway_id is None


def test_a_gateway_that_goes_hears_of_a_child_that_comes_meanwhile(grounds, gateway):
    seen: list[int] = []

    def change(device):
        seen.append(int(device.children))
        if len(seen) == 1:
            smoke(grounds, gateway)  # between the look at the gateway and its end
        return registry.Change(device)

    registry.amend(grounds.community, gateway, change)
    assert seen == [0, 1]
    with pytest.raises(Unprocessable, match="gateway_in_use"):
        enrolment.retire(grounds.community, gateway, by="per_wang")
    assert row_of(gateway).standing == "in_service"


def test_children_that_move_or_retire_let_their_gateway_go(grounds, gateway):
    moved, retired = smoke(grounds, gateway), smoke(grounds, gateway)
    assert row_of(gateway).children == 2
    enrolment.place(grounds.caller(), moved, "烟感", spot=Spot("hall", gateway_id=gateway))
    assert row_of(gateway).children == 2
    enrolment.place(grounds.caller(), moved, "烟感", spot=Spot("hall"))
    enrolment.retire(grounds.community, retired, by="per_wang")
    assert row_of(gateway).children == 0
    assert enrolment.retire(grounds.community, gateway, by="per_wang").retired_at


def test_a_sheet_counts_its_devices_wherever_their_gateway_stands_in_it(grounds):
    rows = [smoke_line(number, gateway="GW1") for number in range(sheets.CHUNK + 2)]
    rows.append({"kind": "gateway", "name": "网关", "serial": "GW1"})
    batch = sheets.accept(grounds.caller(), csv_of(*rows))
    made = row_of(batch.items[-1].device_id)
    assert (made.kind, made.children) == ("gateway", sheets.CHUNK + 2)
