"""Disclosure to an authority: named scope, case and officer, two releases, an end (LAW.md 3.3).

There is no standing access: each request is one person, some fields, some hours.
"""

from collections.abc import Sequence
from enum import StrEnum

MOST_HOURS = 72
"""How long a released disclosure may be read at most."""

WAITS_HOURS = 72
"""How long a request waits for its two releases."""

MOST_SECRET_DAYS = 180
"""How long the subject's own list may leave it out (PIPL 18, 35); then it is shown."""

RELEASES = 2


class DisclosureState(StrEnum):
    """How far a request has come."""

    ASKED = "asked"
    HALF_RELEASED = "half_released"
    RELEASED = "released"
    REFUSED = "refused"
    EXPIRED = "expired"


class Listing(StrEnum):
    """Which requests a list shows: those to judge, those judged, those that nobody judged."""

    WAITING = "waiting"
    SETTLED = "settled"
    LAPSED = "lapsed"


class Verdict(StrEnum):
    """What a member of the security duty says."""

    RELEASE = "release"
    REFUSE = "refuse"


OPEN = frozenset({DisclosureState.ASKED, DisclosureState.HALF_RELEASED})


def state_at(state: DisclosureState, ends_ms: float, at_ms: int) -> DisclosureState:
    """Return the state at an instant: what waits or is released ends by itself."""
    ends = state in OPEN or state is DisclosureState.RELEASED
    return DisclosureState.EXPIRED if ends and ends_ms <= at_ms else state


def refusal(
    state: DisclosureState, person: str, asked_by: str, released_by: Sequence[str]
) -> str | None:
    """Return why this person may not judge the request now, or None."""
    if person == asked_by:
        return "own_disclosure"
    if state not in OPEN:
        return "disclosure_settled"
    if person in released_by:
        return "second_person_required"
    return None


def judged(verdict: Verdict, released_by: Sequence[str]) -> DisclosureState:
    """Return the state after a verdict; `released_by` counts this one."""
    if verdict is Verdict.REFUSE:
        return DisclosureState.REFUSED
    enough = len(set(released_by)) >= RELEASES
    return DisclosureState.RELEASED if enough else DisclosureState.HALF_RELEASED
