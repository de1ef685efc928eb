"""What leads to an election or a selection, and what follows from it (LAW.md 1.3, 1.5).

Every refusal is a stable code. Days are China's; the last day of a period belongs to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Filling(StrEnum):
    """What a slate is for: a whole committee, some seats of one (补选), or a company (选聘)."""

    COMMITTEE = "COMMITTEE"
    VACANCY = "VACANCY"
    COMPANY = "COMPANY"


NUMBER: Mapping[Filling, int] = {Filling.COMMITTEE: 3, Filling.VACANCY: 3, Filling.COMPANY: 4}
"""As which item of Civil Code 278 it is put."""

MOST_SEATS = 31
LONGEST_CALL, SHORTEST_CALL = 60, 3
"""Days from the announcement to the last day for candidates and bids: product policy."""

MOST_ON_A_BALLOT = 40
"""Candidates, or bids, of one slate: what fits one page, and one transaction at the notice."""


class Standing(StrEnum):
    """Whether somebody, or a bid, can be put to the owners."""

    STANDING = "STANDING"
    WITHDRAWN = "WITHDRAWN"
    STRUCK = "STRUCK"


def slate_refusal(filling: Filling, seats: int, last_day: date, today: date) -> str | None:
    """Return why no slate can be announced for this, or None.

    How many seats a whole committee has, and for how long, the procedure says itself.
    """
    if not 1 <= seats <= MOST_SEATS or (filling is Filling.COMPANY and seats != 1):
        return "slate_seats"
    days = (last_day - today).days
    return None if SHORTEST_CALL <= days <= LONGEST_CALL else "slate_days"


@dataclass(frozen=True)
class SlateFacts:
    """What a slate says of itself; `is_put` once a vote with it has been noticed."""

    filling: Filling
    last_day: date
    is_put: bool = False


def extension_refusal(slate: SlateFacts, last_day: date, today: date) -> str | None:
    """Return why a slate cannot be kept open until another day, or None: only ever longer."""
    if slate.is_put:
        return "slate_closed"
    fits = last_day > slate.last_day and 0 <= (last_day - today).days <= LONGEST_CALL
    return None if fits else "slate_days"


def nomination_refusal(slate: SlateFacts, on: date, *, is_owner: bool) -> str | None:
    """Return why somebody may not nominate a flat's owners, nor stand, on a day, or None.

    Only owners sit on the committee, and only owners propose them (物业管理条例 16).
    """
    if slate.filling is Filling.COMPANY:
        return "slate_of_companies"
    if slate.is_put or on > slate.last_day:
        return "slate_closed"
    return None if is_owner else "candidate_not_an_owner"


def bid_refusal(slate: SlateFacts, on: date) -> str | None:
    """Return why a bid is not taken down on a day, or None."""
    if slate.filling is not Filling.COMPANY:
        return "slate_of_people"
    return "slate_closed" if slate.is_put or on > slate.last_day else None


def change_refusal(slate: SlateFacts, now: Standing) -> str | None:
    """Return why somebody can neither withdraw nor be struck off, or None.

    Once noticed, what is put cannot be changed: who does not want it declines when elected.
    """
    if slate.is_put:
        return "slate_closed"
    return None if now is Standing.STANDING else "candidacy_not_standing"


def draft_refusal(slate: SlateFacts, seats: int, standing: int, today: date) -> str | None:
    """Return why a slate cannot be put on a ballot on a day, or None.

    Not before everybody could stand, and never with fewer candidates than seats: such an
    election could fill no committee whoever wins it.
    """
    if slate.is_put:
        return "slate_put_already"
    if today <= slate.last_day:
        return "slate_still_open"
    if standing > MOST_ON_A_BALLOT:
        return "candidates_too_many"
    return "candidates_too_few" if standing < seats else None


def off_roll(candidates: Mapping[str, str], on_roll: Sequence[str]) -> list[str]:
    """Return the candidates (id → person) who do not stand on the frozen roll as owners."""
    people = set(on_roll)
    return sorted(name for name, person in candidates.items() if person not in people)


@dataclass(frozen=True)
class Tied:
    """A published result of which some seats are left to those who tied for them."""

    candidates: tuple[str, ...]
    seats: int
    elected: tuple[str, ...]


def run_off_of(result: Mapping[str, object]) -> Tied | None:
    """Return who stands again for which seats, by an election's published result, or None."""
    if result.get("status") != "RUN_OFF":
        return None
    return Tied(
        tuple(_names(result["run_off"])),
        int(str(result["run_off_seats"])),
        tuple(_names(result["elected"])),
    )


@dataclass(frozen=True)
class Filled:
    """Who is elected by now, first round and run-off; `to_fill` seats have nobody yet.

    `is_over` says that no run-off is to come.
    """

    elected: tuple[str, ...]
    to_fill: int
    is_over: bool


def filled(result: Mapping[str, object], seats: int, before: Sequence[str] = ()) -> Filled:
    """Return who sits after a round, `seats` being those of the whole election.

    Raises ValueError if somebody is elected twice, or more are than there are seats.
    """
    elected = (*before, *_names(result["elected"]))
    if len(set(elected)) < len(elected) or len(elected) > seats:
        raise ValueError(f"{elected} do not fit {seats} seats")
    return Filled(elected, seats - len(elected), result.get("status") != "RUN_OFF")


def _names(said: object) -> list[str]:
    return [str(name) for name in said] if isinstance(said, list | tuple) else []
