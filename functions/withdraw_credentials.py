"""Withdraw what somebody passes by when their home, their consent, or they themselves end."""

from chalicelib.access import public as access
from chalicelib.core import queue
from chalicelib.identity.events import (
    AccountErased,
    ConsentWithdrawn,
    PersonForgotten,
    ResidencyEnded,
)

handler = queue.handler(
    "withdraw_credentials",
    {
        ResidencyEnded: access.withdraw_at_home,
        ConsentWithdrawn: access.withdraw_faces,
        PersonForgotten: access.withdraw_all,
        AccountErased: access.keep_what_homes_need,
    },
)
