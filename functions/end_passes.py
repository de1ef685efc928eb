"""Take back the passes of who has left their flat; delete those of who is forgotten."""

from chalicelib.access import public as access
from chalicelib.core import queue
from chalicelib.identity.events import AccountErased, PersonForgotten, ResidencyEnded

handler = queue.handler(
    "end_passes",
    {
        ResidencyEnded: access.revoke_of_leaver,
        PersonForgotten: access.forget_passes,
        AccountErased: access.forget_passes,
    },
)
