"""Journey: who passes is on record for themselves, for an incident with a ticket, in counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.journeys.town import Town
from tools.simulate.signing import Json
from tools.simulate.waiting import eventually


def hours_of(town: Town, place_id: str) -> list[Json]:
    found = town.staff.read("/property/gate-counts")["items"]
    return [hour for hour in found if hour["place_id"] == place_id]


def counted(town: Town, place_id: str) -> int:
    return sum(hour["people_in"] + hour["people_unclear"] for hour in hours_of(town, place_id))


def test_a_visitor_who_was_let_in_is_in_the_hosts_trail_and_counted_once(town: Town):
    with town.gate() as gate:
        place = gate.device.place_id
        before = counted(town, place)
        call_id = town.ring()
        assert town.open(call_id).json()["state"] == "OPENED"

        def mine() -> list[Json]:
            found: list[Json] = town.resident.read("/resident/passages")["items"]
            return [one for one in found if one["method"] == "call"]

        assert eventually(mine, 20), "the opening is in no trail"
        newest = mine()[0]
        assert (newest["outcome"], newest["holder"]) == ("opened", "visitor")
        assert newest["place_id"] == place
        assert eventually(lambda: counted(town, place) > before, 20), "nobody was counted"
        town.settle()
        assert eventually(lambda: counted(town, place) == before + 1, 5), (
            "the gate's own word counts a second time"
        )


def test_an_incident_is_seen_with_a_ticket_and_the_resident_sees_who_looked(town: Town):
    now = datetime.now(UTC)
    asked = {
        "device_id": town.estate.ids["gates"][0],
        "since": (now - timedelta(hours=1)).isoformat(),
        "until": (now + timedelta(hours=1)).isoformat(),
    }
    refused = town.staff.get("/property/incident-passages", **asked)
    assert (refused.status_code, refused.json()["code"]) == (403, "ticket_required")
    with town.gate():
        assert town.open(town.ring()).json()["state"] == "OPENED"

    def seen() -> list[Json]:
        page = town.staff.read(
            "/property/incident-passages", **asked, purpose="快递丢失", ticket="WO-JOURNEY-1"
        )
        found: list[Json] = page["items"]
        return [one for one in found if one["name"]]

    assert eventually(seen, 20), "no passage with a name"
    assert seen()[0]["unit_id"] == town.estate.ids["unit"]
    looks = town.resident.read("/resident/views")["items"]
    assert "WO-JOURNEY-1" in {look["ticket"] for look in looks}
