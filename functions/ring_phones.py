"""Tell the phones of a flat that somebody rings."""

from chalicelib.access.events import CallRung
from chalicelib.core import queue
from chalicelib.notices import public as notices

handler = queue.handler("ring_phones", {CallRung: notices.ring})
