"""Whom what a door was shown stands for: asked when a passage is put on record."""

import math
from datetime import datetime

from chalicelib.access.rules.subjects import Subject
from chalicelib.access.service.marks import card_index, card_number, mark_key
from chalicelib.access.tables.credentials import Credential, Mark
from chalicelib.access.tables.passes import PassRow
from chalicelib.core import clock


def subject_of(community_id: str, holder: str, at: datetime) -> Subject | None:
    """Return whom a credential or a pass stood for at an instant, also one that is over.

    None: nobody here. A credential's id is one person's for ever; that of a pass with a PIN is
    given again, so that what is told late of the pass before is nobody's.
    """
    if holder.startswith("pass_"):
        given = PassRow.of(community_id, holder)
        if given is None or given.made_at > clock.epoch_ms(at):
            return None
        return Subject(given.host_id, given.unit_id, visitor=True)
    row = Credential.named(community_id, holder)
    return _subject(row) if row else None


def subject_of_card(community_id: str, number: str, at: datetime) -> tuple[str, Subject] | None:
    """Return the credential of a card, and whose it was at an instant; two reads.

    Cards go from hand to hand. Only whoever holds one now is known: what was shown before they
    had it, or after it was theirs, is nobody's.
    """
    mark = Mark.find(mark_key(community_id, "card", card_mark(community_id, number)))
    row = mark and Credential.of(community_id, mark.person_id, mark.credential_id)
    if not row or not _is_held(row, clock.epoch_ms(at)):
        return None
    return row.credential_id, _subject(row)


def card_mark(community_id: str, number: str) -> str:
    """Return what stands for a card within a community, whoever holds it; never its number."""
    return card_index(community_id, card_number(number))


def _is_held(row: Credential, at_ms: int) -> bool:
    ends = (one for one in (row.until, row.withdrawn_at) if one is not None)
    return row.issued_at <= at_ms < min(ends, default=math.inf)


def _subject(row: Credential) -> Subject:
    card = str(row.number_index or "")
    return Subject(row.person_id, row.unit_id, method=row.kind, card=card)
