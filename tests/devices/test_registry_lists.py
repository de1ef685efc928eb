"""Lists of devices: bounded reads with cursors, and nothing secret in any index."""

import pytest

from chalicelib.core import table
from chalicelib.core.table import describe
from chalicelib.devices import public as devices
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.rules.commands import Hello
from chalicelib.devices.service import enrolment
from chalicelib.devices.service.registry import Wanted, listing
from chalicelib.devices.tables.registry import Device, note_hello

SECRET = {"keys", "address", "adapter_token", "adapter_settings"}
ANNOUNCED = {"session", "boot", "hello_at", "hello_key", "version"}


def enrolled(grounds, kind, name, *, node="", place_id="hall"):
    made = devices.enrol(
        grounds.community, kind, place_id=place_id, name=name, node_path=node or grounds.building
    )
    return made.device_id


def pages(grounds, wanted, limit=20, at_once=1):
    """Every page of a list, as a client reads it; what is filtered is read row by row."""
    after, found = None, []
    while True:
        page = listing(grounds.caller(), wanted, limit=limit, after=after, at_once=at_once)
        found.append([one.name for one in page.items])
        if (after := page.next) is None:
            return found


def test_no_index_copies_secrets_or_is_rewritten_by_a_hello():
    for index in describe(Device)["GlobalSecondaryIndexes"]:
        assert index["Projection"]["ProjectionType"] == "INCLUDE", index["IndexName"]
        assert not (SECRET | ANNOUNCED) & {*index["Projection"]["NonKeyAttributes"]}


@pytest.mark.parametrize("wish", [{"kind": "door"}, {"place_id": "far"}])
def test_what_filters_a_list_reads_a_bounded_part_and_gives_a_cursor(grounds, wish):
    for number in range(table.MOST_PAGES + 2):
        enrolled(
            grounds,
            Kind.GATE,
            f"g{number}",
            place_id="hall" if "kind" in wish else "far",
            node=grounds.other if "place_id" in wish else "",
        )
    enrolled(grounds, Kind.DOOR, "门", place_id="far")
    found = pages(grounds, Wanted(under=grounds.building, **wish))
    assert len(found) > 1
    assert [name for page in found for name in page] == ["门"]


def test_the_retired_have_a_list_of_their_own(grounds):
    for number in range(table.MOST_PAGES + 2):
        enrolled(grounds, Kind.GATE, f"g{number}")
    gone = enrolled(grounds, Kind.DOOR, "旧门")
    enrolment.retire(grounds.community, gone, by="per_wang")
    assert pages(grounds, Wanted(retired=True)) == [["旧门"]]
    assert pages(grounds, Wanted(retired=True, kind="door")) == [["旧门"]]
    assert pages(grounds, Wanted(retired=True, kind="gate")) == [[]]


def test_a_list_is_whole_page_by_page(grounds):
    made = [enrolled(grounds, Kind.GATE, f"g{number}") for number in range(5)]
    note_hello(made[0], Hello("s1", 1, 5), 1_000)
    found = pages(grounds, Wanted(kind="gate", under=grounds.building), limit=2)
    assert [len(page) for page in found] == [2, 2, 1]
    assert {name for page in found for name in page} == {f"g{number}" for number in range(5)}
