"""Finish a deletion: what is no row of the person's own, and what came late."""

from chalicelib.core import queue
from chalicelib.identity import public as identity
from chalicelib.identity.events import AccountErased, PersonForgotten

handler = queue.handler(
    "finish_deletion",
    {PersonForgotten: identity.finish_deletion, AccountErased: identity.finish_deletion},
)
