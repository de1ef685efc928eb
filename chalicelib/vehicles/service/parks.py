"""Use cases of car parks: what an estate decided, what is free, and the count made right again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.core import clock, ids, outbox, sweep
from chalicelib.core.auth import Caller
from chalicelib.core.errors import NotFound, Unprocessable
from chalicelib.core.table import tenant_key
from chalicelib.vehicles.rules.passing import GUESTS, CarKind, free
from chalicelib.vehicles.tables.parks import COUNTED, MAIN, RECOUNT_MS, ParkCount, Parking
from chalicelib.vehicles.tables.stays import StayRow

MOST_PARKS: Final = 20
QUIET: Final = timedelta(seconds=60)
"""A car park is recounted when nothing moved for so long: an index is a moment late."""


@dataclass(frozen=True)
class Park:
    """What an estate says of a car park; `lanes` maps a place to in, out or both.

    `guest_spaces` belong to nobody; the others are their owners' and never a guest's.
    """

    name: str
    spaces: int
    guest_spaces: int
    lanes: Mapping[str, str]


@dataclass(frozen=True)
class Free:
    """A car park with its free spaces, as a phone or a screen shows it; None: not counted."""

    park_id: str
    name: str
    spaces: int | None
    free: int | None
    guest_spaces: int | None
    free_for_guests: int | None


@dataclass(frozen=True)
class ParkView:
    """A car park as staff see it: its lanes, and what is inside by kind."""

    park_id: str
    name: str
    spaces: int | None
    guest_spaces: int | None
    lanes: dict[str, str]
    inside: dict[str, int]
    free: int | None
    free_for_guests: int | None


@dataclass(frozen=True)
class Parks:
    """All car parks of an estate."""

    items: list[ParkView]


@dataclass(frozen=True)
class FreeSpaces:
    """The free spaces of all car parks of an estate."""

    items: list[Free]


@dataclass(frozen=True)
class Policy:
    """What an estate decided about registered cars. Times in minutes and days."""

    approve_plates: bool
    approve_visits: bool
    plates_per_flat: int
    visits_per_month: int
    longest_days: int
    free_minutes: int
    least_confidence: float


def guest_spaces(parking: Parking, park_id: str) -> int | None:
    """Return how many guests a car park holds; None where nobody counted its spaces."""
    park = parking.parks.get(park_id)
    return None if park is None else int(park["guest_spaces"])


def parks(caller: Caller) -> Parks:
    """Return the car parks of the caller's estate and what they hold; a read for each."""
    parking = Parking.of(caller.community_id)
    known = {MAIN: None, **parking.parks} if not parking.parks else parking.parks
    return Parks([_view(caller.community_id, key, known[key]) for key in known])


def free_spaces(caller: Caller) -> FreeSpaces:
    """Return the free spaces to show to everybody; who is inside is nobody's business."""
    return FreeSpaces(
        [
            Free(one.park_id, one.name, one.spaces, one.free, one.guest_spaces, one.free_for_guests)
            for one in parks(caller).items
        ]
    )


def add(caller: Caller, park: Park) -> ParkView:
    """Add a car park; raises Unprocessable `too_many_parks`, and as `change`."""
    parking = Parking.of(caller.community_id)
    if len(parking.parks) >= MOST_PARKS:
        raise Unprocessable("too_many_parks", "车场数量已达上限")
    return _save(parking, ids.new_id("park"), park)


def change(caller: Caller, park_id: str, park: Park) -> ParkView:
    """Change a car park; raises NotFound `no_such_park`, Unprocessable `lane_taken`."""
    parking = Parking.of(caller.community_id)
    if park_id not in parking.parks:
        raise _no_such_park()
    return _save(parking, park_id, park)


def require_park(community_id: str, park_id: str) -> None:
    """Raise NotFound `no_such_park` unless the estate has this car park; one read."""
    if park_id != MAIN and park_id not in Parking.of(community_id).parks:
        raise _no_such_park()


def _no_such_park() -> NotFound:
    return NotFound("no_such_park", "没有找到该车场")


def _save(parking: Parking, park_id: str, park: Park) -> ParkView:
    if park.guest_spaces > park.spaces:
        raise Unprocessable("too_many_guest_spaces", "访客车位不能多于车位总数")
    others = [one for key, one in parking.parks.items() if key != park_id]
    if any(place in one["lanes"] for one in others for place in park.lanes):
        raise Unprocessable("lane_taken", "该车道已属于另一个车场")
    said = {
        "name": park.name,
        "spaces": park.spaces,
        "guest_spaces": park.guest_spaces,
        "lanes": dict(park.lanes),
    }
    parking.parks = {**parking.parks, park_id: said}
    shown = _view(parking.community_id, park_id, said)
    outbox.commit(parking, answer=shown)
    return shown


def policy(caller: Caller) -> Policy:
    """Return what the caller's estate decided."""
    return _policy(Parking.of(caller.community_id))


def decide_policy(caller: Caller, wish: Policy) -> Policy:
    """Decide anew; what is registered already stays as it is."""
    parking = Parking.of(caller.community_id)
    for name, value in vars(wish).items():
        setattr(parking, name, value)
    shown = _policy(parking)
    outbox.commit(parking, answer=shown)
    return shown


def recount(*, at: datetime | None = None, limit: int = 100) -> int:
    """Count anew what stands in car parks where nothing moves; return how many were wrong."""
    at = at or clock.now()
    return sweep.each(list(ParkCount.due(at, limit)), lambda key: _recount(*key, at))


def _recount(community_id: str, park_id: str, at: datetime) -> bool:
    row = ParkCount.of(community_id, park_id)
    at_ms = clock.epoch_ms(at)
    if int(row.changed_at or 0) > clock.epoch_ms(at - QUIET):
        return False
    found = dict.fromkeys(CarKind, 0)
    for stay in StayRow.inside.query(tenant_key(community_id, park_id)):
        found[CarKind(stay.kind)] += 1
    wrong = row.inside() != {kind.value: number for kind, number in found.items()}
    for kind, number in found.items():
        setattr(row, COUNTED[kind], number)
    row.guests = sum(found[kind] for kind in GUESTS)
    row.due_at = at_ms + RECOUNT_MS
    outbox.commit(row)  # a Conflict if a car moved meanwhile: then next time
    return wrong


def _view(community_id: str, park_id: str, park: Mapping[str, Any] | None) -> ParkView:
    inside = ParkCount.of(community_id, park_id).inside()
    spaces, guests = (park["spaces"], park["guest_spaces"]) if park else (None, None)
    left = free(spaces, guests, inside)
    return ParkView(
        park_id=park_id,
        name=park["name"] if park else "",
        spaces=spaces,
        guest_spaces=guests,
        lanes=dict(park["lanes"]) if park else {},
        inside=inside,
        free=left.all,
        free_for_guests=left.guests,
    )


def _policy(row: Parking) -> Policy:
    return Policy(
        approve_plates=row.approve_plates,
        approve_visits=row.approve_visits,
        plates_per_flat=int(row.plates_per_flat),
        visits_per_month=int(row.visits_per_month),
        longest_days=int(row.longest_days),
        free_minutes=int(row.free_minutes),
        least_confidence=float(row.least_confidence),
    )
