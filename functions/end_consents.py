"""End the consents of a person who has moved out."""

from chalicelib.core import queue
from chalicelib.identity import public as identity
from chalicelib.identity.events import ResidencyEnded

handler = queue.handler("end_consents", {ResidencyEnded: identity.end_consents})
