"""Tell devices to take the face or finger that somebody was given a credential for."""

from chalicelib.access import public as access
from chalicelib.access.events import CredentialIssued
from chalicelib.core import queue

handler = queue.handler("enrol_credentials", {CredentialIssued: access.enrol_credentials})
