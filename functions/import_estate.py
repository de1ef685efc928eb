"""Write the rooms and residents of an import that was accepted."""

from chalicelib.core import queue
from chalicelib.identity import public as identity
from chalicelib.identity.events import ImportAccepted

handler = queue.handler("import_estate", {ImportAccepted: identity.write_import})
