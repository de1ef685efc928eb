"""Take plates and visits back when their person moves out or is forgotten."""

from chalicelib.core import queue
from chalicelib.identity.events import AccountErased, PersonForgotten, ResidencyEnded
from chalicelib.vehicles import public as vehicles

handler = queue.handler(
    "end_plates",
    {
        ResidencyEnded: vehicles.end_with_home,
        PersonForgotten: vehicles.forget,
        AccountErased: vehicles.forget,
    },
)
