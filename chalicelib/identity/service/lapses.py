"""Consents that end without a word: past their end, or with the last home."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from chalicelib.core import clock, outbox
from chalicelib.core.errors import Conflict
from chalicelib.identity.events import ResidencyEnded
from chalicelib.identity.rules.consent import NOTICES, Notice, Purpose, State, still_good
from chalicelib.identity.service import consent, people
from chalicelib.identity.tables.consents import ConsentStanding, standing_of

BY_MOVING_OUT = "moved_out"

Notices = tuple[Notice, ...]


def expire_consents(
    *, at: datetime | None = None, limit: int = 200, notices: Mapping[Purpose, Notices] = NOTICES
) -> int:
    """Announce the consents that are past their end, or whose text is; return how many.

    Use ended by itself at that instant (`require_consent`); this tells whoever keeps data
    for the purpose to delete them.
    """
    at, count = at or clock.now(), 0
    for seen in list(_lapsed(at, limit, notices)):
        row = standing_of(seen.community_id, seen.person_id, Purpose(seen.purpose))
        if row is None or row.state != State.GIVEN or row.standing.holds(at):
            continue
        told = consent.gone(consent.current(row), at)
        try:
            outbox.commit(row.turn(row.standing.at(at)), events=(told,))
        except Conflict:
            continue
        count += 1
    return count


def _lapsed(
    at: datetime, limit: int, notices: Mapping[Purpose, Notices]
) -> Iterator[ConsentStanding]:
    for texts in notices.values():
        for text in texts:
            until = at if still_good(text.sha256, texts) else None
            yield from ConsentStanding.given_to(text.sha256, limit, until=until)


def end_consents(event: ResidencyEnded) -> None:
    """End every consent of a person who has left their last home in the community.

    Twice, late or out of order it does no harm: who lives there again is left alone.
    """
    community_id, person_id = event.community_id, event.person_id
    if people.tie_of(community_id, event.unit_id, person_id) is not None:
        return
    if people.lives_in(community_id, person_id):
        return
    rows, told = consent.ended(community_id, person_id, BY_MOVING_OUT, event.ended_at)
    outbox.commit(*rows, events=told)
