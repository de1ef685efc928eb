"""Delete the messages to somebody who was forgotten."""

from chalicelib.core import queue
from chalicelib.identity.events import AccountErased, PersonForgotten
from chalicelib.notices import public as notices

handler = queue.handler(
    "forget_notices", {PersonForgotten: notices.forget, AccountErased: notices.forget}
)
