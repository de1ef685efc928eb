"""The procedure of an owners' vote (LAW.md 1.3, 1.4): states, dates, and who may ask for what.

Every refusal is a stable code. What a city fixes otherwise is a `Periods` with its citation, never
a constant. In a period of days the day that it starts on is not counted (Civil Code 201).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum


class State(StrEnum):
    """Where a vote is."""

    DRAFT = "DRAFT"
    NOTICED = "NOTICED"
    OPEN = "OPEN"
    CLOSED = "CLOSED"
    OBJECTION = "OBJECTION"
    FINAL = "FINAL"
    ANNULLED = "ANNULLED"


ARROWS: Mapping[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.NOTICED}),
    State.NOTICED: frozenset({State.OPEN}),
    State.OPEN: frozenset({State.CLOSED}),
    State.CLOSED: frozenset({State.OBJECTION}),
    State.OBJECTION: frozenset({State.FINAL, State.ANNULLED}),
    State.FINAL: frozenset({State.ANNULLED}),
    State.ANNULLED: frozenset(),
}
"""The only legal transitions. CLOSED → OBJECTION is the publication of the result (公示). A court
annuls what is final, too, for an owner has a year from knowing of it (司法解释 12)."""


class LegalMode(StrEnum):
    """What a vote held here is worth in law (LAW.md 0.3); CONSULTATIVE unless said otherwise."""

    GOV_PLATFORM = "GOV_PLATFORM"
    SELF_HOSTED = "SELF_HOSTED"
    CONSULTATIVE = "CONSULTATIVE"


SHOWN: Mapping[LegalMode, str] = {
    LegalMode.GOV_PLATFORM: "本次表决以住建部门电子投票系统的结果为准，本页仅供查阅。",
    LegalMode.SELF_HOSTED: "本次表决依据本小区业主大会议事规则，通过本系统进行。",
    LegalMode.CONSULTATIVE: "本次表决仅为征求意见，不产生业主共同决定的法律效力。",
}
"""The sentence that stands on every page and PDF of a vote."""


@dataclass(frozen=True)
class Periods:
    """Days, and other limits, that cities and bylaws set; `citation` says who set them."""

    notice: int = 16
    roll: int = 16
    shortest_window: int = 5
    longest_window: int = 60
    publication: int = 3
    objection: int = 15
    filing: int = 30
    proxy_cap: int = 3
    least_seats: int = 5
    longest_term_years: int = 5
    kept_years: int = 5
    citation: str = "物业管理条例 12, 14, 16; 杭州 20; 北京, 山东; LAW.md 1.3"


DEFAULT = Periods()

ROLL_QUIET = 3
"""Days before the opening in which no objection to the roll is taken any more."""


@dataclass(frozen=True)
class Timetable:
    """The days that the notice names; the vote is open from `opens_on` until `closes_on` starts."""

    record_on: date
    roll_published_on: date
    noticed_on: date
    opens_on: date
    closes_on: date


CALENDAR = timezone(timedelta(hours=8))
"""Whose days these are: China's."""


def day_of(at: datetime) -> date:
    """Return the day that an instant is in."""
    return at.astimezone(CALENDAR).date()


def start_of(day: date) -> datetime:
    """Return the instant in which a day starts."""
    return datetime.combine(day, time(), CALENDAR)


class AreaSource(StrEnum):
    """Where a unit's area is read off, the first that has one (司法解释 8)."""

    REGISTER = "REGISTER"
    SURVEY = "SURVEY"
    CONTRACT = "CONTRACT"


def area_of(areas: Mapping[AreaSource, int]) -> tuple[int, AreaSource] | None:
    """Return a unit's area for the roll in 0.01 m² and its source, or None if nobody has one."""
    return next(((areas[one], one) for one in AreaSource if areas.get(one, 0) > 0), None)


def move_refusal(state: State, following: State) -> str | None:
    """Return why a vote may not go from one state to the other, or None."""
    return None if following in ARROWS[state] else "vote_not_in_that_state"


def change_refusal(state: State) -> str | None:
    """Return why items and terms may not be changed: only what was noticed can be put."""
    return None if state is State.DRAFT else "vote_items_frozen"


def timetable_refusal(days: Timetable, periods: Periods = DEFAULT) -> str | None:
    """Return why these days cannot be noticed, or None.

    Notice at least 15 days before, its own day not counted, hence a difference of 16.
    """
    window = (days.closes_on - days.opens_on).days
    if (days.opens_on - days.noticed_on).days < periods.notice:
        return "vote_notice_too_short"
    if (days.opens_on - days.roll_published_on).days < periods.roll:
        return "vote_roll_published_late"
    if days.record_on > days.roll_published_on:
        return "vote_record_date_late"
    if not periods.shortest_window <= window <= periods.longest_window:
        return "vote_window_length"
    return None


def may_convene(asking: int, roll: int) -> bool:
    """Return whether so many owners force a special meeting: 20 % of them (条例 13).

    Both in heads, or both in area, as the bylaws say. Raises ValueError for an empty roll.
    """
    if not 0 <= asking <= roll or not roll:
        raise ValueError(f"{asking} of {roll} is no share of a roll")
    return 5 * asking >= roll


def draft_refusal(
    opens_on: date, closes_on: date, today: date, periods: Periods = DEFAULT
) -> str | None:
    """Return why no vote can be drafted for these days, or None."""
    if opens_on <= today:
        return "vote_notice_too_short"
    window = (closes_on - opens_on).days
    return (
        None
        if periods.shortest_window <= window <= periods.longest_window
        else "vote_window_length"
    )


def roll_objection_refusal(state: State, opens_on: date, on: date) -> str | None:
    """Return why an objection to the roll is not taken down on a day, or None.

    Until `ROLL_QUIET` days before the vote opens: what comes last can still be answered.
    """
    if state is not State.NOTICED:
        return "vote_not_in_that_state"
    return "vote_objection_late" if (opens_on - on).days < ROLL_QUIET else None


def opening_refusal(
    unanswered: int, on: date, closes_on: date, periods: Periods = DEFAULT
) -> str | None:
    """Return why a noticed vote cannot open on a day, or None: objections are answered first.

    One that is opened so late that its window has become too short is convened anew.
    """
    if (closes_on - on).days < periods.shortest_window:
        return "vote_window_length"
    return "vote_objections_unanswered" if unanswered else None


def publish_by(closed_on: date, periods: Periods = DEFAULT) -> date:
    """Return the last day for publishing the result."""
    return closed_on + timedelta(days=periods.publication)


def object_by(published_on: date, periods: Periods = DEFAULT) -> date:
    """Return the last day on which an owner may object to the result."""
    return published_on + timedelta(days=periods.objection)


def objection_refusal(
    state: State, published_on: date, on: date, periods: Periods = DEFAULT
) -> str | None:
    """Return why an objection is not taken down on a day, or None."""
    if state is not State.OBJECTION:
        return "vote_not_in_that_state"
    return "vote_objection_late" if on > object_by(published_on, periods) else None


def final_refusal(
    published_on: date, on: date, unanswered: int, periods: Periods = DEFAULT
) -> str | None:
    """Return why a published result is not final on a day, or None."""
    if on <= object_by(published_on, periods):
        return "vote_objection_period"
    return "vote_objections_unanswered" if unanswered else None


def annul_by(known_on: date) -> date:
    """Return the last day of the year in which an owner may go to court (司法解释 12)."""
    return _years_after(known_on, 1)


def file_by(elected_on: date, periods: Periods = DEFAULT) -> date:
    """Return the last day for filing a committee with street and district (条例 16)."""
    return elected_on + timedelta(days=periods.filing)


def term_ends(elected_on: date, years: int) -> date:
    """Return the day on which a committee's term ends."""
    return _years_after(elected_on, years)


def keep_until(ended_on: date, disputed_until: date, periods: Periods = DEFAULT) -> date:
    """Return until when roll, log, openings and scans are kept; the result is kept for ever."""
    return max(_years_after(ended_on, periods.kept_years), disputed_until)


def _years_after(day: date, years: int) -> date:
    """Return the same day so many years on, or the month's last (Civil Code 202)."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def proxy_refusal(already: int, *, is_written: bool, periods: Periods = DEFAULT) -> str | None:
    """Return why somebody may not vote for one more owner, or None (条例 12; 潍坊: three)."""
    if not is_written:
        return "proxy_not_written"
    return "proxy_cap_reached" if already >= periods.proxy_cap else None


def committee_refusal(seats: int, term_years: int, periods: Periods = DEFAULT) -> str | None:
    """Return why no committee of so many seats can be elected for so long, or None."""
    if seats % 2 == 0 or seats < periods.least_seats:
        return "committee_seats"
    return None if 1 <= term_years <= periods.longest_term_years else "committee_term"


class Delivery(StrEnum):
    """How the ballot reached a unit, as far as that can be shown."""

    SIGNED = "SIGNED"
    OPENED_BY_OWNER = "OPENED_BY_OWNER"
    SIGNED_BY_TENANT = "SIGNED_BY_TENANT"
    SMS_SENT = "SMS_SENT"
    PUBLIC_NOTICE = "PUBLIC_NOTICE"


EFFECTIVE = frozenset({Delivery.SIGNED, Delivery.OPENED_BY_OWNER})
"""What counts as delivered where silence has a meaning; the others only fulfil the notice."""


@dataclass(frozen=True)
class Clause:
    """What the bylaws say of ballots that are not returned; `sha256` is the noticed text's."""

    text: str
    sha256: str
    is_in_notice: bool
    warns_of_consequence: bool
    is_allowed_here: bool


def clause_refusal(clause: Clause | None) -> str | None:
    """Return why silence may not be deemed anything, or None ((2022)沪02民初16号; LAW.md 1.4)."""
    if clause is None or not clause.text:
        return "deeming_clause_missing"
    if hashlib.sha256(clause.text.encode()).hexdigest() != clause.sha256:
        return "deeming_clause_changed"
    if not (clause.is_in_notice and clause.warns_of_consequence):
        return "deeming_clause_not_noticed"
    return None if clause.is_allowed_here else "deeming_not_allowed_here"
