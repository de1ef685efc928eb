"""Tell the doors' lists which passes have no use left."""

from chalicelib.access import public as access
from chalicelib.access.events import PassSpent
from chalicelib.core import queue

handler = queue.handler("list_spent_passes", {PassSpent: access.list_spent_pass})
