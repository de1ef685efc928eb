"""HTTP of staff: devices commanded by hand, and how they are reached."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.core.schema import Paging
from chalicelib.devices.events import Connection
from chalicelib.devices.rules.commands import CommandState
from chalicelib.devices.schemas.commands import (
    CommandAsked,
    CommandPage,
    CommandReply,
    DriverAsked,
    DriverReply,
)
from chalicelib.devices.service import carrying, commands, registry

router = web.Router(__name__)


@router.post(
    "/property/devices/{device_id}/commands",
    permission="devices.operate",
    reply=CommandReply,
    once=True,
    refuses=(404, 422),
    then=commands.await_order,
    pending=lambda view: view.state is CommandState.SENT,
)
def order_command(caller: Caller, device_id: str, body: CommandAsked) -> commands.CommandView:
    """Command a device by hand, with a reason that stays on record; never repeated by itself."""
    return commands.order(caller, device_id, body.op, body.args, body.reason)


@router.get(
    "/property/devices/{device_id}/commands",
    permission="devices.operate",
    reply=CommandPage,
    refuses=(404,),
)
def list_commands(caller: Caller, device_id: str, query: Paging) -> commands.Commands:
    """List a device's commands, the newest first: by hand and by the system."""
    return commands.commands(caller, device_id, limit=query.limit, after=query.cursor)


@router.get(
    "/property/devices/{device_id}/commands/{command_id}",
    permission="devices.operate",
    reply=CommandReply,
    refuses=(404,),
)
def show_command(caller: Caller, device_id: str, command_id: str) -> commands.CommandView:
    """Show one command: what became of it."""
    return commands.command(caller, device_id, command_id)


@router.put(
    "/property/devices/{device_id}/driver",
    permission="devices.keys",
    reply=DriverReply,
    refuses=(404, 422),
)
def connect_device(caller: Caller, device_id: str, body: DriverAsked) -> carrying.Connected:
    """Say how a device is commanded: by the bus, or by a vendor's driver at its address."""
    at = (
        Connection(body.host, body.port, body.channel, body.user, body.password)
        if body.host is not None
        else None
    )
    registry.seen_by(caller, device_id)
    return carrying.connect(caller.community_id, device_id, body.driver, at)
