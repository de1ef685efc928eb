"""Patterns: looked for with each passage, suggested once in their period, judged by a person."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pynamodb.exceptions import PynamoDBException

from chalicelib.core import audit, clock, cursor, ids, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.logs import logger
from chalicelib.core.retention import Kept, kept_until
from chalicelib.core.table import tenant_key
from chalicelib.identity import public as identity
from chalicelib.passages.events import ReviewSuggested
from chalicelib.passages.rules import patterns as rules
from chalicelib.passages.rules.passages import PassageOutcome
from chalicelib.passages.rules.patterns import Finding, Noticed, Pattern, ReviewState, Thresholds
from chalicelib.passages.service import seals
from chalicelib.passages.tables.passages import PassageRow
from chalicelib.passages.tables.reviews import Review, ThresholdRow, list_key

MOST_LOOKED_AT = 300
"""Passages of a card or person that one look for patterns reads: the newest of a week."""


@dataclass(frozen=True)
class ReviewView:
    """A suggested review; whose passages they are is told on the record of a ticket alone."""

    review_id: str
    pattern: Pattern
    numbers: Mapping[str, int]
    place_id: str
    state: ReviewState
    suggested_at: datetime
    finding: Finding | None
    note: str | None
    closed_by: str | None
    closed_at: datetime | None


@dataclass(frozen=True)
class Reviews:
    """One page of reviews, the newest first."""

    items: list[ReviewView]
    next: str | None


@dataclass(frozen=True)
class Subject:
    """Whose passages a review is about, by a name that is masked for the caller's role."""

    review_id: str
    person_id: str | None
    name: str | None


# -- noticing ----------------------------------------------------------------------------------


def watch(images: Iterable[Mapping[str, Any]]) -> None:
    """Look for patterns that streamed passages complete, and suggest each once in its period.

    Computed anew from what is on record, so that a passage that comes again, late or in
    another order suggests nothing twice. What DynamoDB refused is tried again.
    """
    failed = 0
    for image in images:
        row = PassageRow.streamed(image)
        try:
            _watch(row)
        except (PynamoDBException, Conflict):
            logger().exception("not watched", extra={"passage": row.passage_id})
            failed += 1
    if failed:
        raise RuntimeError(f"{failed} passages were not looked at")


def _watch(row: PassageRow) -> None:
    use = row.use()
    if use.outcome is not PassageOutcome.PASSED or not (row.mark_key or row.trail_key):
        return
    known, noticed = ThresholdRow.known(row.community_id), list[tuple[str, Noticed]]()
    since = use.at - rules.WINDOW
    if row.mark_key:
        uses = PassageRow.uses_of_mark(row.mark_key, since, MOST_LOOKED_AT)
        noticed += [(row.mark_key, one) for one in rules.of_card([use, *uses], known, use.at)]
    if row.trail_key and rules.may_concern_subject(use, known):
        uses = PassageRow.uses_of_trail(row.trail_key, since, MOST_LOOKED_AT)
        noticed += [(row.trail_key, one) for one in rules.of_subject([use, *uses], known, use.at)]
    for key, one in noticed:
        _suggest(row, key, one)


def _suggest(row: PassageRow, key: str, noticed: Noticed) -> None:
    review_id = ids.derived("rev", key, noticed.pattern.value, noticed.period)
    if Review.of(row.community_id, review_id) is not None:
        return
    at = clock.now()
    review = Review(
        review_key=tenant_key(row.community_id, review_id),
        review_id=review_id,
        community_id=row.community_id,
        list_key=list_key(row.community_id, ReviewState.OPEN),
        at_id=f"{clock.epoch_ms(at):013d}#{review_id}",
        pattern=noticed.pattern.value,
        numbers=dict(noticed.numbers),
        state=ReviewState.OPEN.value,
        place_id=row.place_id,
        at=clock.epoch_ms(at),
        trail_key=row.trail_key,
        who=row.who,
        passage_id=row.passage_id,
        expires=kept_until(Kept.PASSAGE, at),
    )
    suggested = ReviewSuggested(
        row.community_id, review_id, noticed.pattern.value, noticed.numbers, at
    )
    outbox.commit_once(review, events=(suggested,))


# -- judging -----------------------------------------------------------------------------------


def reviews(caller: Caller, state: ReviewState, *, limit: int, after: str | None) -> Reviews:
    """Return one page of an estate's reviews in a state, the newest first; one read."""
    key = list_key(caller.community_id, state)
    rows, following = cursor.page(
        Review.listed.query,
        key,
        filter_condition=Review.expires > int(clock.now().timestamp()),
        scan_index_forward=False,
        listing=f"reviews/{key}",
        limit=limit,
        after=after,
    )
    return Reviews([_view(row) for row in rows], following)


def subject(caller: Caller, review_id: str, *, purpose: str, ticket: str) -> Subject:
    """Return whose passages a review is about, after the look is on record.

    Raises NotFound `no_such_review`, Forbidden `ticket_required`, TooMany `too_many_subjects`.
    """
    row = _found(caller, review_id)
    person_id = seals.person_of(row.community_id, row.passage_id, row.who)
    if not person_id:
        return Subject(review_id, None, None)
    name = identity.names_for(caller, [person_id]).get(person_id)
    fields = ["name", "passages"]
    audit.viewing(caller, person_id, purpose=purpose, ticket=ticket, fields=fields)
    return Subject(review_id, person_id, name)


def judge(caller: Caller, review_id: str, finding: Finding, note: str) -> ReviewView:
    """Close a review with what a person found; nothing else happens by it.

    Raises NotFound `no_such_review`, Conflict `review_closed`, `lost_race`.
    """
    row = _found(caller, review_id)
    if row.state != ReviewState.OPEN:
        raise Conflict("review_closed", "该线索已有人处理")
    row.state, row.list_key = (
        ReviewState.CLOSED.value,
        list_key(row.community_id, ReviewState.CLOSED),
    )
    row.finding, row.note = finding.value, note
    row.closed_by, row.closed_at = caller.subject_id, clock.epoch_ms(clock.now())
    view = _view(row)
    outbox.commit(row, answer=view)
    return view


def thresholds(caller: Caller) -> Thresholds:
    """Return from which figures on the caller's estate wants a review."""
    return ThresholdRow.known(caller.community_id)


def set_thresholds(caller: Caller, wanted: Thresholds) -> Thresholds:
    """Set from which figures on the caller's estate wants a review."""
    row = ThresholdRow.find(caller.community_id) or ThresholdRow(community_id=caller.community_id)
    row.figures, row.set_by = dataclasses.asdict(wanted), caller.subject_id
    outbox.commit(row, answer=wanted)
    return wanted


def _found(caller: Caller, review_id: str) -> Review:
    row = Review.of(caller.community_id, review_id)
    if row is None:
        raise NotFound("no_such_review", "没有找到该线索")
    return row


def _view(row: Review) -> ReviewView:
    return ReviewView(
        review_id=row.review_id,
        pattern=Pattern(row.pattern),
        numbers={name: int(value) for name, value in row.numbers.items()},
        place_id=row.place_id,
        state=ReviewState(row.state),
        suggested_at=clock.from_epoch_ms(int(row.at)),
        finding=Finding(row.finding) if row.finding else None,
        note=row.note,
        closed_by=row.closed_by,
        closed_at=clock.from_epoch_ms(int(row.closed_at)) if row.closed_at else None,
    )


def forget(reviews_of: Sequence[Review]) -> None:
    """Take a person out of reviews that are about them; the figures stay."""
    for row in reviews_of:
        row.changed([Review.who.remove(), Review.trail_key.remove()], Review.review_key.exists())
