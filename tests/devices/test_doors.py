"""Doors as access asks for them."""

from chalicelib.devices import public as devices
from chalicelib.devices.rules.catalogue import DOORS, OPS, TAKERS, Kind
from chalicelib.devices.tables.registry import Device


def test_a_door_is_found_among_however_many_devices_stand_at_its_node(cloud, community):
    with Device.batch_write() as batch:
        for n in range(250):
            batch.save(stood(community, f"{community}_a{n:03d}", Kind.CAMERA))
        batch.save(stood(community, f"{community}_z", Kind.GATE))
    found = devices.doors_at(community, [f"{community}/b1/u1"])
    assert [door.device_id for door in found] == [f"{community}_z"]


def stood(community: str, device_id: str, kind: Kind) -> Device:
    row = Device(device_id=device_id, community_id=community, kind=kind.value, keys={})
    row.name = device_id
    row.stand("east", community)
    return row


def test_what_lets_people_through_holds_lists_and_part_of_it_takes_faces():
    assert OPS["access.sync"].kinds == DOORS
    assert OPS["credential.enrol"].kinds == OPS["credential.withdraw"].kinds == TAKERS
    assert TAKERS < DOORS
