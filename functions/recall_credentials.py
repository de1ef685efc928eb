"""See that every device gives up a credential that was withdrawn."""

from chalicelib.access import public as access
from chalicelib.access.events import CredentialWithdrawn
from chalicelib.core import queue

handler = queue.handler("recall_credentials", {CredentialWithdrawn: access.recall_credentials})
