"""Tell a visitor's call how its gate's command ended."""

from chalicelib.access import public as access
from chalicelib.core import queue
from chalicelib.devices.events import CommandSettled

handler = queue.handler("finish_opening", {CommandSettled: access.finish})
