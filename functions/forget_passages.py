"""Take who was forgotten out of their passages."""

from chalicelib.core import queue
from chalicelib.identity.events import AccountErased, PersonForgotten
from chalicelib.passages import public as passages

handler = queue.handler(
    "forget_passages", {PersonForgotten: passages.forget, AccountErased: passages.forget}
)
