"""Take who has left, or was forgotten, out of calls, openings and what doors decided."""

from chalicelib.access import public as access
from chalicelib.core import queue
from chalicelib.identity.events import AccountErased, PersonForgotten, ResidencyEnded

handler = queue.handler(
    "forget_trails",
    {
        ResidencyEnded: access.leave,
        PersonForgotten: access.forget,
        AccountErased: access.forget,
    },
)
