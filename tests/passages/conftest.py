"""An estate with a gate, a door of a building and a flat's lock; residents, cards and passes."""

import base64
import dataclasses
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.access.events import OpeningClosed
from chalicelib.access.tables.credentials import Credential
from chalicelib.core import clock
from chalicelib.core.auth import Caller
from chalicelib.core.table import tenant_key
from chalicelib.devices import public as devices
from chalicelib.devices.events import DeviceEventRecorded
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.identity.rules.people import Tie
from chalicelib.passages import public as passages
from chalicelib.passages.tables.passages import PassageRow
from tests.identity.residents import settle
from tests.invariants.matrix import planted

CHILD_BORN = "2020-01-01"


@dataclasses.dataclass
class Estate:
    """One community, its devices, and what they report."""

    community: str
    gate: str
    door: str
    lock: str

    def resident(self, person: str = "per_1") -> Caller:
        return Caller(person, self.community, "resident", ("resident",), 2**40)

    def staff(self, role: str, person: str = "") -> Caller:
        who = person or f"staff_{role}"
        return Caller(who, self.community, "property", (role,), 2**40)

    def card(self, person: str = "per_1", unit: str = "u1") -> str:
        """Give a person a card; return its credential's id."""
        cred = f"cred_{uuid.uuid4().hex}"
        row = planted(
            Credential,
            person_key=tenant_key(self.community, person),
            credential_id=cred,
            community_id=self.community,
            person_id=person,
            unit_id=unit,
            unit_key=tenant_key(self.community, unit),
            id_key=tenant_key(self.community, cred),
            kind="card",
            state="ACTIVE",
        )
        row.save()
        return cred

    def event(
        self,
        data: dict[str, Any] | None = None,
        *,
        type_: str = "access.passed",
        device: str = "",
        at: datetime | None = None,
        late: bool = False,
    ) -> DeviceEventRecorded:
        now = clock.now()
        device = device or self.gate
        row = devices.device_of(self.community, device)
        return DeviceEventRecorded(
            community_id=self.community,
            device_id=device,
            kind=row.kind,
            place_id=row.place_id,
            event_id=f"e_{uuid.uuid4().hex}",
            type=type_,
            data=data or {"method": "card", "direction": "in"},
            boot=1,
            sequence=1,
            occurred_at=at or now,
            received_at=now,
            live=not late,
        )

    def passes(self, cred: str, **more: Any) -> DeviceEventRecorded:
        """Let somebody through the gate by a card; return the event."""
        data = {"method": "card", "holder": cred, "direction": more.pop("direction", "in")}
        data |= more.pop("data", {})
        event = self.event(data, **more)
        passages.record(event)
        return event

    def opened(self, how: str = "call", by: str = "per_1", **more: Any) -> OpeningClosed:
        said = {
            "community_id": self.community,
            "opening_id": f"{how}_{uuid.uuid4().hex}",
            "how": how,
            "door_id": self.gate,
            "place_id": "east",
            "path": "",
            "unit_id": "u1",
            "by": by,
            "state": "OPENED",
            "closed_at": clock.now(),
            **more,
        }
        return OpeningClosed(**said)

    def rows(self) -> list[PassageRow]:
        found = PassageRow.scan(PassageRow.community_id == self.community)
        return sorted(found, key=lambda row: row.at_id)

    def images(self) -> list[dict[str, Any]]:
        """Return what the stream brings, bytes as text: Lambda's events are JSON."""
        images = [row.serialize() for row in self.rows()]
        for image in images:
            for value in image.values():
                if "B" in value:
                    value["B"] = base64.b64encode(value["B"]).decode()
        return [{"eventName": "INSERT", "dynamodb": {"NewImage": image}} for image in images]


@pytest.fixture
def estate(cloud: None, community: str) -> Estate:
    settle(community, "per_1")
    settle(community, "per_2", tie=Tie.FAMILY)
    settle(community, "kid", tie=Tie.CHILD, guardian_id="per_1", born=CHILD_BORN)
    settle(community, "per_9", unit_id="u2")
    gate = devices.enrol(community, Kind.GATE, place_id="east", name="东门")
    door = devices.enrol(community, Kind.DOOR, place_id="b1", name="1号楼门")
    lock = devices.enrol(community, Kind.LOCK, place_id="u1-door", name="101门锁")
    return Estate(community, gate.device_id, door.device_id, lock.device_id)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)
