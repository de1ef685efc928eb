"""HTTP of doors that ask who may pass."""

from chalicelib.access.schemas.decisions import DecisionAsked, DecisionReply
from chalicelib.access.service import decisions
from chalicelib.access.service.recognition import Question
from chalicelib.core import web
from chalicelib.devices import public as devices

router = web.Router(__name__)


@router.post(
    "/device/access/decisions",
    reply=DecisionReply,
    described_by=DecisionAsked,
    refuses=(409, 422, 429),
)
def decide(raw: web.Raw) -> decisions.Answer:
    """Decide whether the door opens for who stands before it."""
    speaker = devices.speaking(raw.headers, raw.body)
    asked = web.parsed(DecisionAsked, raw.body)
    question = Question(
        request_id=asked.request_id,
        method=asked.method,
        shown=asked.shown,
        unit_id=asked.unit or "",
        direction=asked.direction,
        companions=asked.companions,
        reader=asked.door,
    )
    return decisions.decide(speaker, question)
