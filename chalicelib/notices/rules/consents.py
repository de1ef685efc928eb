"""Consents to messages: what a person's answers to WeChat's question make of their number."""

from enum import StrEnum
from typing import Final

MOST: Final = 50
"""Consents that are counted; more would be used by nobody, and a client may say anything."""


class Choice(StrEnum):
    """What `wx.requestSubscribeMessage` reports of one template."""

    ACCEPT = "accept"
    REJECT = "reject"
    BAN = "ban"
    FILTER = "filter"
    ACCEPT_WITH_ALERT = "acceptWithAlert"
    ACCEPT_WITH_AUDIO = "acceptWithAudio"


ACCEPTING: Final = frozenset({Choice.ACCEPT, Choice.ACCEPT_WITH_ALERT, Choice.ACCEPT_WITH_AUDIO})


def left_after(left: int, choice: Choice) -> int:
    """Return how many messages may be sent after an answer: one more for each yes.

    A no takes nothing back that was agreed to before; a template that is banned has none.
    """
    if choice in ACCEPTING:
        return min(left + 1, MOST)
    return 0 if choice is Choice.BAN else left
