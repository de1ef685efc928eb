"""HTTP of staff: where gates stand, and which proof of being there suffices."""

from chalicelib.access.schemas import gates as schemas
from chalicelib.access.service import gates
from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.core.schema import Paging

router = web.Router(__name__)


@router.get("/property/gates", permission="access.set_gates", reply=schemas.SettingPage)
def list_settings(caller: Caller, query: Paging) -> gates.Settings:
    """List what is set of the estate's gates."""
    return gates.settings(caller, limit=query.limit, after=query.cursor)


@router.put(
    "/property/gates/{device_id}",
    permission="access.set_gates",
    reply=schemas.SettingReply,
    refuses=(404, 409),
)
def set_gate(caller: Caller, device_id: str, body: schemas.SettingAsked) -> gates.SettingView:
    """Say where a gate stands, and which proof of being there suffices."""
    return gates.set_gate(caller, device_id, body.as_set())


@router.put(
    "/property/gate-defaults",
    permission="access.set_gates",
    reply=schemas.SettingReply,
    refuses=(404, 409),
)
def set_estate(caller: Caller, body: schemas.DefaultAsked) -> gates.SettingView:
    """Say what holds for gates without a setting of their own."""
    return gates.set_estate(caller, body.as_set())
