"""HTTP of patterns: figures for a person to look at, and what the person found."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.passages.rules.patterns import Thresholds
from chalicelib.passages.schemas import reviews as schemas
from chalicelib.passages.service import watching

router = web.Router(__name__)


@router.get("/property/reviews", permission="passages.review", reply=schemas.ReviewPage)
def list_reviews(caller: Caller, query: schemas.ReviewsQuery) -> watching.Reviews:
    """List patterns that a person should look at, or has looked at, the newest first."""
    return watching.reviews(caller, query.state, limit=query.limit, after=query.cursor)


@router.get(
    "/property/reviews/{review_id}/subject",
    permission="passages.review",
    reply=schemas.SubjectReply,
    refuses=(404, 429),
)
def show_review_subject(
    caller: Caller, review_id: str, query: schemas.SubjectQuery
) -> watching.Subject:
    """Tell whose passages a review is about, on the record of a ticket."""
    return watching.subject(caller, review_id, purpose=query.purpose or "", ticket=query.ticket)


@router.post(
    "/property/reviews/{review_id}/finding",
    permission="passages.review",
    reply=schemas.ReviewReply,
    once=True,
    refuses=(404, 409),
)
def close_review(caller: Caller, review_id: str, body: schemas.FindingAsked) -> watching.ReviewView:
    """Say what a look at a pattern found; it ends the review and does nothing else."""
    return watching.judge(caller, review_id, body.finding, body.note)


@router.get(
    "/property/passage-thresholds",
    permission="passages.review",
    reply=schemas.ThresholdsReply,
)
def show_thresholds(caller: Caller) -> Thresholds:
    """Show from which figures on the estate wants a review."""
    return watching.thresholds(caller)


@router.put(
    "/property/passage-thresholds",
    permission="passages.set_thresholds",
    reply=schemas.ThresholdsReply,
    refuses=(409,),
)
def set_thresholds(caller: Caller, body: schemas.ThresholdsAsked) -> Thresholds:
    """Set from which figures on the estate wants a review."""
    return watching.set_thresholds(caller, Thresholds(**body.model_dump()))
