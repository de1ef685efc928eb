"""HTTP of counts at gates: figures for dashboards, and nobody's name."""

from datetime import timedelta

from chalicelib.core import clock, web
from chalicelib.core.auth import Caller
from chalicelib.passages.schemas import counts as schemas
from chalicelib.passages.service import counting

router = web.Router(__name__)


@router.get(
    "/property/gate-counts",
    permission="passages.count",
    reply=schemas.HoursReply,
    refuses=(404, 422),
)
def count_gates(caller: Caller, query: schemas.GateQuery) -> counting.HourCounts:
    """Show who came and went per gate and hour: all gates of a day, or one gate for a while."""
    if query.device_id is None:
        return counting.of_day(caller, query.day_of or clock.now())
    until = query.until or clock.now()
    since = query.since or until - timedelta(days=1)
    return counting.of_device(caller, query.device_id, since, until)


@router.get("/committee/gate-counts", permission="passages.count_all", reply=schemas.HoursReply)
def show_gate_counts(caller: Caller, query: schemas.DayQuery) -> counting.HourCounts:
    """Show the owners' committee who came and went at the estate's gates: figures alone."""
    return counting.of_gates(caller, query.day_of or clock.now())
