"""What votes hold of a person, row by row, for their export (PIPL 45)."""

from collections.abc import Iterator
from typing import Any

from chalicelib.core import clock
from chalicelib.core.table import tenant_key
from chalicelib.voting.tables.objections import Objection
from chalicelib.voting.tables.petitions import Signature
from chalicelib.voting.tables.rolls import RollOwner
from chalicelib.voting.tables.slates import Candidacy, FlatNomination

Row = dict[str, Any]


def held_of(community_id: str, person_id: str) -> Iterator[tuple[str, Row]]:
    """Yield (kind, row) of what a person stands in, objected to, signed, proposed or stood for.

    All of it stays when they are forgotten: a vote is kept for five years (LAW.md 1.3).
    """
    key = tenant_key(community_id, person_id)
    for line in RollOwner.query(key, consistent_read=True):
        yield "roll_lines", {"roll_id": line.vote_id, "group": line.group}
    for said in Objection.by_person.query(key):
        yield (
            "objections",
            {
                "objection_id": said.objection_id,
                "vote_id": said.vote_id,
                "about": said.about,
                "text": said.text,
                "state": said.state,
                "answer": said.answer,
                "raised_at": _iso(said.raised_at),
            },
        )
    for signed in Signature.by_person.query(key):
        yield (
            "petition_signatures",
            {
                "petition_id": signed.petition_id,
                "group": signed.group,
                "area": int(signed.area),
                "at": _iso(signed.at),
            },
        )
    yield from _stood(key)


def _stood(key: str) -> Iterator[tuple[str, Row]]:
    for proposed in FlatNomination.query(key, consistent_read=True):
        yield "nominations", {"slate_id": proposed.slate_id, "unit_id": proposed.unit_id}
    for stood in Candidacy.by_person.query(key):
        yield (
            "candidacies",
            {
                "slate_id": stood.slate_id,
                "name": stood.name,
                "statement": stood.statement,
                "state": stood.state,
                "reason": stood.reason,
                "stood_at": _iso(stood.stood_at),
            },
        )


def _iso(epoch_ms: float) -> str:
    return clock.from_epoch_ms(int(epoch_ms)).isoformat()
