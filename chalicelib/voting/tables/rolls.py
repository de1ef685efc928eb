"""Rows of rolls (LAW.md 1.2): frozen at a record date, and never written once the vote opens.

A roll is gathered unit by unit (`RollUnit`), then grouped by heads (`RollLine`); `RollOwner`
leads from a person to the lines that are theirs, whoever owns the flat today. All of a vote's
have its `vote_key`; a petition is measured against a roll of its own.
"""

from collections.abc import Sequence
from enum import StrEnum

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.core.table import PlainJson, Row, tenant_key


class RollState(StrEnum):
    """How far a roll is: what was there before is cleared, units gathered, heads grouped."""

    CLEARING = "CLEARING"
    GATHERING = "GATHERING"
    UNGROUPING = "UNGROUPING"
    GROUPING = "GROUPING"
    FROZEN = "FROZEN"
    FAULTY = "FAULTY"


class Roll(Row):
    """A roll and how far it is; `area` in 0.01 m², `frozen_at` epoch ms, `record_on` a day.

    `after` is the last key that the running step has dealt with. `faults` are units that no
    roll can have ({unit_id, room, code}): while there are any, nothing is frozen.
    """

    class Meta:
        short = "rolls"

    community_id = UnicodeAttribute(hash_key=True)
    roll_id = UnicodeAttribute(range_key=True)
    state = UnicodeAttribute()
    paths = PlainJson(default=list)
    parking = UnicodeAttribute(default="INCLUDE")
    after = UnicodeAttribute(null=True)
    record_on = UnicodeAttribute(null=True)
    root = UnicodeAttribute(null=True)
    area = NumberAttribute(default=0)
    heads = NumberAttribute(default=0)
    units = NumberAttribute(default=0)
    faults = PlainJson(default=list)
    steps = NumberAttribute(default=0)
    frozen_at = NumberAttribute(null=True)

    @property
    def key(self) -> str:
        """Return the key of its units and lines: a vote's `vote_key`."""
        return tenant_key(self.community_id, self.roll_id)


class RollUnit(Row):
    """A unit as it stood at the record date; `area` is in 0.01 m², read off `area_source`.

    `owners` are ids of people and companies (`company:…`); of a flat that nobody is known to
    own, `unknown:…`. `voters` are the people who may sign for them.
    """

    class Meta:
        short = "roll_units"

    vote_key = UnicodeAttribute(hash_key=True)
    unit_id = UnicodeAttribute(range_key=True)
    room = UnicodeAttribute()
    area = NumberAttribute()
    area_source = UnicodeAttribute()
    owners = PlainJson(default=list)
    voters = PlainJson(default=list)
    holding = UnicodeAttribute(default="OWNED")
    developer = UnicodeAttribute(default="")
    is_parking = BooleanAttribute(default=False)
    is_disputed = BooleanAttribute(default=False)


class RollLine(Row):
    """A head group of the roll: `units`, `area` in 0.01 m², one head, one ballot.

    `owners` are who it belongs to (people and companies), `voters` the ids of the people who
    may cast: the sole owner, the voter whom all co-owners named, a company's representative.
    Of co-owners who have not agreed on one, each may; the ballot stays one. `namings` maps
    each co-owner to whom they named.
    """

    class Meta:
        short = "roll_lines"

    vote_key = UnicodeAttribute(hash_key=True)
    group = UnicodeAttribute(range_key=True)
    community_id = UnicodeAttribute()
    vote_id = UnicodeAttribute()
    units = PlainJson(default=list)
    rooms = PlainJson(default=list)
    area = NumberAttribute()
    voters = PlainJson(default=list)
    owners = PlainJson(default=list)
    namings = PlainJson(default=dict)
    is_disputed = BooleanAttribute(default=False)

    def may_cast(self, person_id: str) -> bool:
        """Return whether this person may cast the group's ballot."""
        return person_id in self.voters


class RollOwner(Row):
    """That a person owns, or votes for, a line of a roll (`line`: roll, then group)."""

    class Meta:
        short = "roll_owners"

    person_key = UnicodeAttribute(hash_key=True)
    line = UnicodeAttribute(range_key=True)
    community_id = UnicodeAttribute()
    vote_id = UnicodeAttribute()
    group = UnicodeAttribute()

    @classmethod
    def lines(cls, community_id: str, person_id: str, vote_id: str) -> list[str]:
        """Return the groups of a vote in which a person is an owner or a voter."""
        found = cls.query(
            tenant_key(community_id, person_id),
            cls.line.startswith(f"{vote_id}#"),
            consistent_read=True,
        )
        return [row.group for row in found]


def owners_of(line: RollLine) -> Sequence[RollOwner]:
    """Return the rows that lead to a line from the people whom it concerns."""
    people = {one for one in (*line.owners, *line.voters) if ":" not in one}
    return [
        RollOwner(
            person_key=tenant_key(line.community_id, person),
            line=f"{line.vote_id}#{line.group}",
            community_id=line.community_id,
            vote_id=line.vote_id,
            group=line.group,
        )
        for person in sorted(people)
    ]
