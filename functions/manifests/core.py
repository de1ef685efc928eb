"""What belongs to no domain: events on their way from the outbox to those who hear them."""

from functions.grants import OUTBOX
from functions.wakes import Function, Schedule, Stream

FUNCTIONS: tuple[Function, ...] = (
    Function("relay_outbox", (Stream("outbox"),), tables=OUTBOX, events=True),
    Function("sweep_outbox", (Schedule(60),), tables=OUTBOX, events=True, timeout_s=50),
)
