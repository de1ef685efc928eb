"""Tell doors that their list has changed."""

from chalicelib.access import public as access
from chalicelib.access.events import AllowListChanged
from chalicelib.core import queue

handler = queue.handler("push_lists", {AllowListChanged: access.push_lists})
