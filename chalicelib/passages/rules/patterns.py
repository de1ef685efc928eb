"""Pure rules of patterns in passages: numbers that a person should look at, never verdicts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from chalicelib.passages.rules.passages import CALENDAR, PassageOutcome

WINDOW: Final = timedelta(days=7)
DAY: Final = timedelta(hours=24)


class Pattern(StrEnum):
    """What was noticed."""

    MANY_USES = "many_uses"
    MANY_SUBJECTS = "many_subjects"
    MANY_COMPANIONS = "many_companions"
    ODD_HOURS = "odd_hours"


class ReviewState(StrEnum):
    """Whether a person has looked at a pattern."""

    OPEN = "open"
    CLOSED = "closed"


class Finding(StrEnum):
    """What the person found."""

    HARMLESS = "harmless"
    EXPLAINED = "explained"
    FOLLOWED_UP = "followed_up"


@dataclass(frozen=True)
class Thresholds:
    """From which figure on an estate wants to be told; 0 turns a pattern off.

    Uses of one card and companions of one subject within 24 hours; subjects on one card and
    nights with a passage between two hours of the clock (half-open) within 7 days.
    """

    uses: int = 40
    subjects: int = 3
    companions: int = 10
    nights: int = 5
    night_from: int = 1
    night_until: int = 5


@dataclass(frozen=True)
class Use:
    """One passage as patterns see it; `trail` stands for whose it was, empty if unknown."""

    passage_id: str
    at: datetime
    trail: str
    place_id: str
    outcome: PassageOutcome
    companions: int = 0


@dataclass(frozen=True)
class Noticed:
    """A pattern, its figures, and the period that it is suggested once in."""

    pattern: Pattern
    numbers: Mapping[str, int]
    period: str


def is_night(at: datetime, known: Thresholds) -> bool:
    """Return whether an instant falls in an estate's odd hours, which may span midnight."""
    hour = at.astimezone(CALENDAR).hour
    if known.night_from <= known.night_until:
        return known.night_from <= hour < known.night_until
    return hour >= known.night_from or hour < known.night_until


def of_card(uses: Iterable[Use], known: Thresholds, at: datetime) -> list[Noticed]:
    """Return what is to be noticed of one card or credential, from its uses of `WINDOW`."""
    through = _through(uses, at - WINDOW, at)
    lately = [use for use in through if use.at > at - DAY]
    subjects = {use.trail for use in through if use.trail}
    return [
        *_noticed(Pattern.MANY_USES, len(lately), known.uses, lately, at),
        *_noticed(Pattern.MANY_SUBJECTS, len(subjects), known.subjects, through, at),
    ]


def of_subject(uses: Iterable[Use], known: Thresholds, at: datetime) -> list[Noticed]:
    """Return what is to be noticed of one subject, from their passages of `WINDOW`."""
    through = _through(uses, at - WINDOW, at)
    lately = [use for use in through if use.at > at - DAY and use.companions]
    odd = [use for use in through if is_night(use.at, known)]
    nights = {_night(use.at, known) for use in odd}
    company = sum(use.companions for use in lately)
    return [
        *_noticed(Pattern.MANY_COMPANIONS, company, known.companions, lately, at),
        *_noticed(Pattern.ODD_HOURS, len(nights), known.nights, odd, at),
    ]


def may_concern_subject(use: Use, known: Thresholds) -> bool:
    """Return whether one more passage like this can bring a subject's pattern about."""
    return bool(use.companions) or is_night(use.at, known)


def _through(uses: Iterable[Use], since: datetime, until: datetime) -> list[Use]:
    """Return each passage within a period that led through, once."""
    found = {use.passage_id: use for use in uses if use.outcome is PassageOutcome.PASSED}
    return [use for use in found.values() if since < use.at <= until]


def _night(at: datetime, known: Thresholds) -> str:
    """Return the day that a night belongs to: that of its beginning."""
    local = at.astimezone(CALENDAR)
    if known.night_from > known.night_until and local.hour < known.night_until:
        local -= DAY
    return local.date().isoformat()


_HOURS = {
    Pattern.MANY_USES: DAY,
    Pattern.MANY_COMPANIONS: DAY,
    Pattern.MANY_SUBJECTS: WINDOW,
    Pattern.ODD_HOURS: WINDOW,
}


def _noticed(
    pattern: Pattern, count: int, threshold: int, uses: Sequence[Use], at: datetime
) -> list[Noticed]:
    if not threshold or count < threshold:
        return []
    numbers = {
        "count": count,
        "threshold": threshold,
        "hours": _HOURS[pattern] // timedelta(hours=1),
        "places": len({use.place_id for use in uses}),
    }
    day = at.astimezone(CALENDAR).date()
    year, week, _ = day.isocalendar()
    period = day.isoformat() if _HOURS[pattern] == DAY else f"{year}-W{week:02d}"
    return [Noticed(pattern, numbers, period)]
