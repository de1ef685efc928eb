"""HTTP of traces: one's own, one's gate and shift, one incident (LAW.md 3.3)."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.core.schema import Paging
from chalicelib.passages.schemas import traces as schemas
from chalicelib.passages.service import traces

router = web.Router(__name__)


@router.get(
    "/resident/passages",
    permission="passages.read_own",
    reply=schemas.OwnPassagePage,
    refuses=(404,),
)
def list_own_passages(caller: Caller, query: schemas.OwnQuery) -> traces.Trace:
    """List the caller's own passages and those of their visitors, or their child's under 14.

    Nobody sees another adult's, not even as the owner of the flat.
    """
    return traces.own(caller, query.person_id, limit=query.limit, after=query.cursor)


@router.post(
    "/property/gate-post",
    permission="passages.stand_guard",
    reply=schemas.GatePostReply,
    once=True,
    refuses=(404, 409, 422),
)
def take_gate_post(caller: Caller, body: schemas.GatePostAsked) -> traces.Post:
    """Take up a gate: from now on, for at most 12 hours, the guard sees what passes there."""
    return traces.take_post(caller, body.device_id)


@router.get(
    "/property/passages",
    permission="passages.read_shift",
    reply=schemas.PassagePage,
    refuses=(403,),
)
def list_shift_passages(caller: Caller, query: Paging) -> traces.Trace:
    """List what passed at the guard's own gate in this shift, names masked, on record."""
    return traces.of_shift(caller, limit=query.limit, after=query.cursor)


@router.get(
    "/property/incident-passages",
    permission="passages.read_incident",
    reply=schemas.PassagePage,
    refuses=(403, 404, 422, 429),
)
def list_incident_passages(caller: Caller, query: schemas.IncidentQuery) -> traces.Trace:
    """List what passed at one gate in an incident's window, on the record of its ticket."""
    wanted = traces.Incident(
        query.device_id, query.since, query.until, query.purpose or "", query.ticket
    )
    return traces.of_incident(caller, wanted, limit=query.limit, after=query.cursor)
