"""How the end of a door's command finds what caused it."""

from chalicelib.access.service import answers, hands, opening
from chalicelib.devices.events import CommandSettled

FINISHERS = {"open": opening.finish, "desk": hands.finish}
"""By the prefix of the cause's id; any other is looked for among the calls, at one read.

So it costs a car's barrier, which vehicles command, a read that finds nothing.
"""


def finish(event: CommandSettled) -> None:
    """Carry the end of a door's command over to the call, opening or request that it belongs to."""
    FINISHERS.get(event.cause_id.partition("_")[0], answers.finish)(event)
