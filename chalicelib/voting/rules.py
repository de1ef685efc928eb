"""The verdicts of an owners' vote (Civil Code 278; LAW.md 1.1, 1.2, 1.4): ints, no clock, no I/O.

Areas are in 0.01 m². Fractions are compared by multiplication, never as percentages: a vote that
is 0.01 m² short shows 66.67 %. Bad input is the caller's fault and raises ValueError.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

ITEMS: Mapping[int, str] = {
    1: "制定和修改业主大会议事规则",
    2: "制定和修改管理规约",
    3: "选举业主委员会或者更换业主委员会成员",
    4: "选聘和解聘物业服务企业或者其他管理人",
    5: "使用建筑物及其附属设施的维修资金",
    6: "筹集建筑物及其附属设施的维修资金",
    7: "改建、重建建筑物及其附属设施",
    8: "改变共有部分的用途或者利用共有部分从事经营活动",
    9: "有关共有和共同管理权利的其他重大事项",
}
"""What owners decide together (Civil Code 278, first paragraph)."""

MAJOR = frozenset({6, 7, 8})
"""Items that want three quarters of those who take part, not more than half of them."""

Decision = Literal["PASS", "REJECTED", "NO_QUORUM"]
Elected = Literal["ELECTED", "RUN_OFF", "INCOMPLETE", "NO_QUORUM"]


@dataclass(frozen=True)
class Weight:
    """Votes on both bases of article 278: exclusive area in 0.01 m² (专有部分面积), and heads."""

    area: int
    heads: int

    def __add__(self, other: "Weight") -> "Weight":
        return Weight(self.area + other.area, self.heads + other.heads)


NOTHING = Weight(0, 0)


def decide(item: int, roll: Weight, took_part: Weight, agreed: Weight) -> Decision:
    """Return the decision on one item: two thirds take part, then a majority of those who did.

    `roll` is everybody who may vote, `took_part` includes those who abstained (Civil Code 278;
    以上 includes the number itself, Civil Code 1259; 过半数 does not). Raises ValueError for an
    item outside 1–9, a roll without area or heads, a negative weight or a part over its whole.
    """
    if type(item) is not int or item not in ITEMS:
        raise ValueError(f"item must be 1 to 9 of article 278, not {item!r}")
    _whole("roll", roll)
    if not (roll.area and roll.heads):
        raise ValueError(f"a roll has area and heads, not {roll}")
    _within("took_part", took_part, "roll", roll)
    _within("agreed", agreed, "took_part", took_part)
    if 3 * took_part.area < 2 * roll.area or 3 * took_part.heads < 2 * roll.heads:
        return "NO_QUORUM"
    return "PASS" if _carried(item, took_part, agreed) else "REJECTED"


def _carried(item: int, took_part: Weight, agreed: Weight) -> bool:
    if item in MAJOR:
        return 4 * agreed.area >= 3 * took_part.area and 4 * agreed.heads >= 3 * took_part.heads
    return _is_majority(agreed, took_part)


def _is_majority(part: Weight, whole: Weight) -> bool:
    return 2 * part.area > whole.area and 2 * part.heads > whole.heads


def _whole(name: str, weight: Weight) -> None:
    if type(weight.area) is not int or type(weight.heads) is not int:
        raise ValueError(f"{name} is counted in ints, not {weight}")
    if weight.area < 0 or weight.heads < 0:
        raise ValueError(f"{name} is negative: {weight}")


def _within(name: str, part: Weight, whole_name: str, whole: Weight) -> None:
    _whole(name, part)
    if part.area > whole.area or part.heads > whole.heads:
        raise ValueError(f"{name} {part} is more than {whole_name} {whole}")


class Deeming(StrEnum):
    """What a ballot that was delivered and not returned stands for (视同; 指导规则 26)."""

    STRICT = "STRICT"
    DELIVERED_PARTICIPATES = "DELIVERED_PARTICIPATES"
    FOLLOW_MAJORITY = "FOLLOW_MAJORITY"


@dataclass(frozen=True)
class Returned:
    """What the returned ballots say of one item; an abstention takes part and does not agree."""

    agreed: Weight
    against: Weight
    abstained: Weight = NOTHING

    @property
    def took_part(self) -> Weight:
        """Return everybody whose ballot came back."""
        return self.agreed + self.against + self.abstained


@dataclass(frozen=True)
class Outcome:
    """A decision and the weights that it rests on."""

    decision: Decision
    took_part: Weight
    agreed: Weight


@dataclass(frozen=True)
class Verdict:
    """The decision as the bylaws deem it, and beside it, always, the strict one."""

    deemed: Outcome
    strict: Outcome


def verdict(
    item: int, roll: Weight, returned: Returned, silent: Weight, deeming: Deeming
) -> Verdict:
    """Return the decision on an item, with delivered and unreturned ballots as deemed.

    `silent` is the weight of those: effective delivery only (LAW.md 1.4). They take part without
    agreeing, or join the majority. It is one only if it is over half of the returned ballots by
    area and by heads alike; otherwise nothing is deemed. Raises ValueError as `decide` does.
    """
    for weight in (returned.agreed, returned.against, returned.abstained, silent):
        _whole("a part of the count", weight)
    _within("returned and silent", returned.took_part + silent, "roll", roll)
    strict = _outcome(item, roll, returned.took_part, returned.agreed)
    joining, agreeing = _deemed(returned, silent, deeming)
    took_part, agreed = returned.took_part + joining, returned.agreed + agreeing
    return Verdict(_outcome(item, roll, took_part, agreed), strict)


def _outcome(item: int, roll: Weight, took_part: Weight, agreed: Weight) -> Outcome:
    return Outcome(decide(item, roll, took_part, agreed), took_part, agreed)


def _deemed(returned: Returned, silent: Weight, deeming: Deeming) -> tuple[Weight, Weight]:
    """Return how much of the silent takes part, and how much of it agrees."""
    if deeming is Deeming.DELIVERED_PARTICIPATES:
        return silent, NOTHING
    if deeming is Deeming.FOLLOW_MAJORITY:
        if _is_majority(returned.agreed, returned.took_part):
            return silent, silent
        if _is_majority(returned.against, returned.took_part):
            return silent, NOTHING
    return NOTHING, NOTHING


class Holding(StrEnum):
    """How a unit is held; who took delivery counts as owner before the register says so."""

    OWNED = "OWNED"
    UNDELIVERED = "UNDELIVERED"
    UNSOLD = "UNSOLD"


class Parking(StrEnum):
    """Whether registrable car spaces (车位) count: national law says so, Ningbo 18 does not."""

    INCLUDE = "INCLUDE"
    EXCLUDE = "EXCLUDE"


@dataclass(frozen=True)
class Unit:
    """An exclusive part (专有部分); `area` in 0.01 m²: of the register, else surveyed, else sold.

    An owner is a person or a company. `developer` is who sells or still has to deliver it. A
    car space without a title of its own is no exclusive part: leave it out.
    """

    unit: str
    area: int
    owners: frozenset[str] = frozenset()
    holding: Holding = Holding.OWNED
    developer: str = ""
    is_parking: bool = False
    is_disputed: bool = False

    @property
    def voters(self) -> frozenset[str]:
        """Return whose head the unit counts under: its owners', or the developer's."""
        owned = self.holding is Holding.OWNED
        return frozenset(self.owners if owned else {self.developer})


@dataclass(frozen=True)
class HeadGroup:
    """Units that vote together: one head, one ballot, their areas summed.

    `group` is the least of its units' ids: stable, unique, and no person's name.
    """

    group: str
    owners: frozenset[str]
    units: tuple[str, ...]
    area: int
    is_disputed: bool = False

    @property
    def weight(self) -> Weight:
        """Return the group's area and its one head."""
        return Weight(self.area, 1)


def head_groups(units: Iterable[Unit], *, parking: Parking = Parking.INCLUDE) -> list[HeadGroup]:
    """Return the head groups of the affected units, ordered by `group` (LAW.md 1.2).

    Units with the identical set of owners are one head (司法解释 9, merge_policy
    IDENTICAL_OWNER_SET): one buyer of many parts, a couple, a company, the developer with all
    that is unsold or undelivered. Raises ValueError for a unit that occurs twice, has no area,
    or belongs to nobody.
    """
    seen: set[str] = set()
    together: dict[frozenset[str], list[Unit]] = {}
    for unit in units:
        _check_unit(unit, seen)
        if not unit.is_parking or parking is Parking.INCLUDE:
            together.setdefault(unit.voters, []).append(unit)
    groups = [_head_group(voters, held) for voters, held in together.items()]
    return sorted(groups, key=lambda group: group.group)


def _check_unit(unit: Unit, seen: set[str]) -> None:
    if not unit.unit or unit.unit in seen:
        raise ValueError(f"unit {unit.unit!r} has no id or occurs twice")
    seen.add(unit.unit)
    if type(unit.area) is not int or unit.area <= 0:
        raise ValueError(f"unit {unit.unit!r} needs an area in 0.01 m², not {unit.area!r}")
    if not unit.voters or "" in unit.voters:
        raise ValueError(f"unit {unit.unit!r} belongs to nobody")


def _head_group(voters: frozenset[str], held: Iterable[Unit]) -> HeadGroup:
    units = sorted(held, key=lambda unit: unit.unit)
    ids = tuple(unit.unit for unit in units)
    area = sum(unit.area for unit in units)
    return HeadGroup(ids[0], voters, ids, area, any(unit.is_disputed for unit in units))


def roll_of(groups: Iterable[HeadGroup]) -> Weight:
    """Return the weight of a whole roll."""
    areas = [group.area for group in groups]
    return Weight(sum(areas), len(areas))


@dataclass(frozen=True)
class ElectionResult:
    """Who is elected, best first, and who stands again; `vacant` seats found no majority."""

    status: Elected
    elected: tuple[str, ...] = ()
    run_off: tuple[str, ...] = ()
    run_off_seats: int = 0
    vacant: int = 0


def elect(
    seats: int, candidates: Mapping[str, Weight], roll: Weight, took_part: Weight
) -> ElectionResult:
    """Fill seats of the committee (item 3), or choose one of several companies (item 4).

    `candidates` maps each to the weight that agrees to them. Quorum and majority are those of an
    ordinary item, for each candidate. Of two who have it, one is ahead who is behind by neither
    area nor heads: the law ranks neither first, so all else is a tie. Whoever no tie can push
    out is elected; for the seats left, those who tie stand in a run-off. Raises ValueError as
    `decide` does, and for no seat or no candidate.
    """
    if type(seats) is not int or seats < 1 or not candidates:
        raise ValueError(f"an election has seats and candidates, not {seats!r} and {candidates}")
    decisions = {name: decide(3, roll, took_part, weight) for name, weight in candidates.items()}
    if "NO_QUORUM" in decisions.values():
        return ElectionResult("NO_QUORUM", vacant=seats)
    passed = {name: candidates[name] for name, said in decisions.items() if said == "PASS"}
    ranks = sorted(passed, key=lambda name: (-passed[name].heads, -passed[name].area, name))
    elected = [n for n in ranks if sum(not _is_ahead(n, m, passed) for m in ranks) <= seats]
    tied = [n for n in ranks if sum(_is_ahead(m, n, passed) for m in ranks) < seats]
    run_off = tuple(sorted(set(tied) - set(elected)))
    vacant = max(0, seats - len(passed))
    status: Elected = "RUN_OFF" if run_off else "INCOMPLETE" if vacant else "ELECTED"
    left = seats - len(elected) if run_off else 0
    return ElectionResult(status, tuple(elected), run_off, left, vacant)


def _is_ahead(one: str, other: str, weights: Mapping[str, Weight]) -> bool:
    ours, theirs = weights[one], weights[other]
    return ours != theirs and ours.area >= theirs.area and ours.heads >= theirs.heads
