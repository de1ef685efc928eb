"""Who tells people's phones what."""

from chalicelib.access.events import CallRung
from chalicelib.identity.events import AccountErased, PersonForgotten
from functions.grants import OUTBOX, TELLS
from functions.wakes import Function, Heard, Queue, Schedule

FUNCTIONS: tuple[Function, ...] = (
    Function(
        "ring_phones",
        (Queue("ring-phones", hears=(Heard(CallRung),), batch=1),),
        tables={"devices": "r", "units": "r", "communities": "r", **TELLS, **OUTBOX},
        keys=True,
        wechat=True,
        timeout_s=55,
    ),
    Function(
        "retry_notices",
        (Schedule(60),),
        tables=TELLS,
        keys=True,
        wechat=True,
        timeout_s=55,
    ),
    Function(
        "forget_notices",
        (Queue("forget-notices", hears=(Heard(PersonForgotten), Heard(AccountErased))),),
        tables={"notices": "rw", "message_consents": "rw", **OUTBOX},
        timeout_s=30,
    ),
)
