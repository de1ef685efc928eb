"""A car of each kind of row, in the foreign estate of the matrix."""

from collections.abc import Callable
from typing import Any

from chalicelib.core import clock, sealing
from chalicelib.core.table import Row, tenant_key
from chalicelib.vehicles.tables.parks import Parking
from chalicelib.vehicles.tables.plates import PlateRow
from chalicelib.vehicles.tables.stays import ArrivalRow, StayRow
from chalicelib.vehicles.tables.visits import VisitRow

PLATE = "粤B98765"
OBJECTS = ("plate", "visit", "stay", "arrival", "park")


def garage(community: str, who: str, planted: Callable[..., Row]) -> list[Row]:
    """Return a plate, a visit, a stay, a car that waits, and a car park; `who` has a key."""
    own = {
        "community_id": community,
        "unit_id": "foreign-unit",
        "person_id": who,
        "plate": sealing.seal(community, who, "plate", PLATE),
    }
    lanes = {"name": "外库", "spaces": 9, "guest_spaces": 9, "lanes": {}}
    return [
        *_registered(community, who, own, planted),
        *_seen(community, own, planted),
        planted(Parking, community_id=community, parks={"foreign-park": lanes}),
    ]


def _registered(
    community: str, who: str, own: dict[str, Any], planted: Callable[..., Row]
) -> list[Row]:
    at = clock.epoch_ms(clock.now())
    own = {**own, "person_key": tenant_key(community, who), "form": "ordinary", "state": "PENDING"}
    own |= {"state_key": tenant_key(community, "PENDING"), "asked_at": at}
    return [
        planted(
            PlateRow,
            **own,
            own_key=tenant_key(community, "foreign-plate"),
            plate_id="foreign-plate",
            kind="resident",
        ),
        planted(
            VisitRow,
            **own,
            visit_key=tenant_key(community, "foreign-visit"),
            visit_id="foreign-visit",
            payer="host",
            starts=at,
            ends=at + 1,
        ),
    ]


def _seen(community: str, own: dict[str, Any], planted: Callable[..., Row]) -> list[Row]:
    at = clock.epoch_ms(clock.now())
    return [
        planted(
            StayRow,
            **own,
            stay_key=tenant_key(community, "foreign-stay"),
            stay_id="foreign-stay",
            park_id="foreign-park",
            kind="resident",
            state="ENTERED",
            began_at=at,
            entered_at=at,
        ),
        planted(
            ArrivalRow,
            arrival_key=tenant_key(community, "foreign-arrival"),
            arrival_id="foreign-arrival",
            community_id=community,
            state="WAITING",
            side="in",
            why="plate_unknown",
            park_id="foreign-park",
            at=at,
        ),
    ]
