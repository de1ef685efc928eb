"""What residents and the company's staff do with ties to flats, each within their rights."""

from dataclasses import dataclass

from chalicelib.core.auth import Caller
from chalicelib.core.errors import Forbidden, NotFound
from chalicelib.identity.rules.people import OWNING, Tie
from chalicelib.identity.service import moves, people, sight


@dataclass(frozen=True)
class Home:
    """A flat that somebody is tied to."""

    unit_id: str
    tie: Tie
    guardian_id: str | None


@dataclass(frozen=True)
class Homes:
    """The flats that somebody is tied to."""

    items: list[Home]


@dataclass(frozen=True)
class Moved:
    """A person and a flat that they were tied to, or no longer are."""

    unit_id: str
    person_id: str


def homes(caller: Caller) -> Homes:
    """Return the flats that the caller is tied to."""
    ties = people.ties_of(caller.community_id, caller.subject_id)
    return Homes([Home(tie.unit_id, Tie(tie.tie), tie.guardian_id) for tie in ties])


def leave(caller: Caller, unit_id: str, person_id: str) -> Moved:
    """Move oneself out, one's own child, or, as an owner of the flat, who does not own it.

    Raises NotFound `no_such_unit`, `no_such_residency`, Forbidden `property_decides`,
    Unprocessable `guardian_of_child`.
    """
    home = {tie.person_id: tie for tie in people.residencies(caller.community_id, unit_id)}
    own, leaving = home.get(caller.subject_id), home.get(person_id)
    if own is None:
        raise NotFound("no_such_unit", "没有找到该房屋")
    if leaving is None:
        raise NotFound("no_such_residency", "该人员不住在此房屋")
    theirs = caller.subject_id in (leaving.person_id, leaving.guardian_id)
    if not theirs and (Tie(own.tie) not in OWNING or Tie(leaving.tie) in OWNING):
        raise Forbidden("property_decides", "请联系物业办理迁出")
    moves.move_out(caller.community_id, unit_id, person_id)
    return Moved(unit_id, person_id)


def move_in(
    caller: Caller, unit_id: str, person_id: str, tie: Tie, *, guardian_id: str | None
) -> Moved:
    """Tie a registered person to a flat, for the company; raises as `moves.move_in`.

    Staff of a part of the estate tie people who live there, or nowhere yet.
    """
    sight.require_unit(caller, unit_id)
    if people.find_person(caller.community_id, person_id) is None or _lives_beside(
        caller, person_id
    ):
        raise NotFound("no_such_person", "没有找到该人员")
    moves.move_in(caller.community_id, unit_id, person_id, tie, guardian_id=guardian_id)
    return Moved(unit_id, person_id)


def move_out(caller: Caller, unit_id: str, person_id: str) -> Moved:
    """Move a person out, for the company; raises as `moves.move_out`."""
    sight.require_unit(caller, unit_id)
    moves.move_out(caller.community_id, unit_id, person_id)
    return Moved(unit_id, person_id)


def _lives_beside(caller: Caller, person_id: str) -> bool:
    """Return whether somebody lives in the estate, but nowhere in the caller's sight."""
    if caller.has_whole_estate:
        return False
    ties = people.ties_of(caller.community_id, person_id)
    return bool(ties) and not sight.sees_one_of(caller, (tie.unit_id for tie in ties))
