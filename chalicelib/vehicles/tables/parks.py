"""Rows of how an estate parks: what it decided, and what its car parks hold."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Self

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection

from chalicelib.core import clock
from chalicelib.core.outbox import Given
from chalicelib.core.table import PlainJson, Row, shard_of, shards
from chalicelib.vehicles.rules.passing import GUESTS, LEAST_CONFIDENCE, CarKind

COUNTED = {CarKind.RESIDENT: "residents", CarKind.VISITOR: "visitors", CarKind.OTHER: "others"}
COUNTED |= {CarKind.EMERGENCY: "emergencies"}
RECOUNT_MS = 3_600_000


class Parking(Row):
    """What an estate decided about cars; an estate that decided nothing has these defaults.

    `parks` maps a car park's id to `{name, spaces, guest_spaces, lanes: {place: in|out|both}}`.
    """

    class Meta:
        short = "parking"

    community_id = UnicodeAttribute(hash_key=True)
    approve_plates = BooleanAttribute(default=True)
    approve_visits = BooleanAttribute(default=False)
    plates_per_flat = NumberAttribute(default=3)
    visits_per_month = NumberAttribute(default=30)
    longest_days = NumberAttribute(default=30)
    free_minutes = NumberAttribute(default=30)
    least_confidence = NumberAttribute(default=LEAST_CONFIDENCE)
    parks = PlainJson(default=dict)

    @classmethod
    def of(cls, community_id: str) -> Self:
        """Return what an estate decided; one consistent read."""
        return cls.find(community_id) or cls(community_id=community_id)

    def lane(self, place_id: str) -> tuple[str, str | None]:
        """Return the car park that a place leads to, and which way, if it is built for one."""
        for park_id, park in self.parks.items():
            if place_id in park["lanes"]:
                way = park["lanes"][place_id]
                return park_id, None if way == "both" else way
        return MAIN, None


MAIN = "main"
"""The car park of lanes that belong to none: counted, with spaces that nobody counted."""


class _Recount(GlobalSecondaryIndex["ParkCount"]):
    class Meta:
        index_name = "recount"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class ParkCount(Row):
    """What a car park holds now, by kind; `guests` are visitors and others together.

    Counted up and down within the transaction of each stay, so that two cars never take one
    space; `changed_at` (epoch ms) says when last.
    """

    class Meta:
        short = "park_counts"

    community_id = UnicodeAttribute(hash_key=True)
    park_id = UnicodeAttribute(range_key=True)
    residents = NumberAttribute(null=True)
    visitors = NumberAttribute(null=True)
    others = NumberAttribute(null=True)
    emergencies = NumberAttribute(null=True)
    guests = NumberAttribute(null=True)
    changed_at = NumberAttribute(null=True)
    shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    recount = _Recount()

    @classmethod
    def of(cls, community_id: str, park_id: str) -> Self:
        """Return the counts of a car park, of nothing if no car ever came; one read."""
        return cls.find(community_id, park_id) or cls(community_id=community_id, park_id=park_id)

    @classmethod
    def due(cls, at: datetime, limit: int) -> Iterator[tuple[str, str]]:
        """Yield the keys of car parks that have not been recounted for an hour."""
        for shard in shards("park"):
            for row in cls.recount.query(shard, cls.due_at <= clock.epoch_ms(at), limit=limit):
                yield row.community_id, row.park_id

    def inside(self) -> dict[str, int]:
        """Return how many of each kind are inside."""
        return {kind.value: int(getattr(self, name) or 0) for kind, name in COUNTED.items()}


def counted(
    community_id: str, park_id: str, changes: dict[CarKind, int], at_ms: int, *, most: int | None
) -> Given:
    """Return the change of a car park's counts, for the transaction of what caused it.

    `most` guests may be inside before one more comes; none ever falls below zero.
    """
    guests = sum(by for kind, by in changes.items() if kind in GUESTS)
    wanted = [(COUNTED[kind], by) for kind, by in changes.items() if by]
    wanted += [("guests", guests)] if guests else []
    condition: Condition | None = None
    actions: list[Any] = [ParkCount.changed_at.set(at_ms)]
    actions.append(ParkCount.shard.set(shard_of("park", park_id)))
    actions.append(ParkCount.due_at.set(ParkCount.due_at | (at_ms + RECOUNT_MS)))
    for name, by in wanted:
        column = getattr(ParkCount, name)
        actions.append(column.add(by))
        if by < 0:
            condition = _both(condition, column >= -by)
    if most is not None and guests > 0:
        condition = _both(condition, ParkCount.guests.does_not_exist() | (ParkCount.guests < most))
    anyhow = ParkCount.park_id.exists() | ParkCount.park_id.does_not_exist()
    return Given(
        ParkCount,
        community_id,
        park_id,
        anyhow if condition is None else condition,
        tuple(actions),
    )


def _both(one: Condition | None, other: Condition) -> Condition:
    return other if one is None else one & other
