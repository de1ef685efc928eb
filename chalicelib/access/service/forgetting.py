"""People move out or are forgotten: what access keeps of where they were goes with them.

Credentials and passes go by their own files (`withdrawals`, `pass_courses`); what a device was
told of a credential ends with the credential's own retention, as its consent's record does.
"""

from collections.abc import Callable
from typing import Final

from chalicelib.access.service import calls, credential_trails, opening, ringing
from chalicelib.identity import public as identity
from chalicelib.identity.events import AccountErased, PersonForgotten, ResidencyEnded

SOURCES: Final[tuple[Callable[[str, str], None], ...]] = (
    calls.forget,
    ringing.forget,
    opening.forget,
    credential_trails.forget,
)
"""Each file of `held.SOURCES` that no reaction of its own empties has its `forget` here."""


def forget(event: PersonForgotten | AccountErased) -> None:
    """Take a person out of calls, blocks, openings and decisions; repeated, it does the rest."""
    for unit_id in identity.units_known(event.community_id, event.person_id):
        calls.leave(event.community_id, unit_id, event.person_id, event.due_at)
    for source in SOURCES:
        source(event.community_id, event.person_id)


def leave(event: ResidencyEnded) -> None:
    """Take who has left a flat off its calls until then: they see none of them any more.

    With the last adult go the flat's blocks: who moves in next hears everybody.
    """
    calls.leave(event.community_id, event.unit_id, event.person_id, event.ended_at)
    if not identity.answerers(event.community_id, event.unit_id):
        ringing.unblock_all(event.community_id, event.unit_id, event.ended_at)
