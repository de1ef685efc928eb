"""Consents that end without a word: past their end, or with the last home."""

from datetime import datetime

from chalicelib.core import clock, outbox
from chalicelib.core.errors import Conflict
from chalicelib.core.table import tenant_key
from chalicelib.identity.events import ResidencyEnded
from chalicelib.identity.rules.consent import Purpose, State, expired
from chalicelib.identity.service import consent
from chalicelib.identity.service.profiles import homes
from chalicelib.identity.tables.consents import ConsentStanding, standing_of
from chalicelib.identity.tables.people import Residency

BY_MOVING_OUT = "moved_out"


def expire_consents(*, at: datetime | None = None, limit: int = 200) -> int:
    """Announce the consents that are past their end; return how many.

    Use ended by itself at that instant (`require_consent`); this tells whoever keeps data
    for the purpose to delete them.
    """
    at, count = at or clock.now(), 0
    for seen in list(ConsentStanding.past(at, limit)):
        row = standing_of(seen.community_id, seen.person_id, Purpose(seen.purpose))
        if row is None or row.state != State.GIVEN or row.standing.holds(at):
            continue
        told = consent.gone(consent.current(row), at)
        try:
            outbox.commit(row.turn(expired(row.standing)), events=(told,))
        except Conflict:
            continue
        count += 1
    return count


def end_consents(event: ResidencyEnded) -> None:
    """End every consent of a person who has left their last home in the community.

    Twice, late or out of order it does no harm: who lives there again is left alone.
    """
    community_id, person_id = event.community_id, event.person_id
    if Residency.find(tenant_key(community_id, event.unit_id), person_id) is not None:
        return
    if any(home.unit_id != event.unit_id for home in homes(community_id, person_id)):
        return
    rows, told = consent.ended(community_id, person_id, BY_MOVING_OUT, event.ended_at)
    outbox.commit(*rows, events=told)
