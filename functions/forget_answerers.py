"""Forget that somebody answered surveys; what they said names nobody."""

from chalicelib.core import queue
from chalicelib.identity.events import AccountErased, PersonForgotten
from chalicelib.surveys import public as surveys


def forget(event: PersonForgotten | AccountErased) -> None:
    """Delete what says that a person has answered."""
    surveys.forget(event.community_id, event.person_id)


handler = queue.handler("forget_answerers", {PersonForgotten: forget, AccountErased: forget})
