"""Dahua controllers and barriers: one CGI call over HTTP digest (RFC 7616), never repeated.

Dahua's CGI knows no expiry: what a hung controller reads a minute later it would still do.
So each command begins with a question that moves nothing. Only a controller that answers it,
with a challenge, is told to open, at once; what lies unread before that has no authority.
Whatever we then do not hear is not known, and not asked again.
"""

import hashlib
import re
import secrets
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from urllib.request import parse_http_list, parse_keqv_list

from chalicelib.core import egress
from chalicelib.core.config import settings
from chalicelib.core.logs import logger
from chalicelib.devices.events import Carried, Connection, Order

ANSWER_S = 2.0
"""Both calls together: a person waits, and the shortest command lives 5 s."""

MOST_BODY = 1_024
QUESTION = "/cgi-bin/magicBox.cgi?action=getDeviceType"
_DOOR = "/cgi-bin/accessControl.cgi?action=openDoor&channel={channel}&Type=Remote"
_BARRIER = "/cgi-bin/trafficSnap.cgi?action=openStrobe&channel={channel}&info.openType=Normal"

CALLS: Mapping[str, str] = {
    "gate.open": _DOOR,
    "door.open": _DOOR,
    "lock.open": _DOOR,
    "barrier.open": _BARRIER,
    "device.restart": "/cgi-bin/magicBox.cgi?action=reboot",
}
"""Our commands in Dahua's words (HTTP API of access and traffic products)."""

HASHES = {"MD5": "md5", "SHA-256": "sha256"}
_QUOTABLE = re.compile(r"[ !#-\[\]-~]*")
"""Printable ASCII without quotes and backslashes: what needs no escaping in a header."""


@dataclass(frozen=True)
class _Reply:
    """What the controller answered."""

    status: int
    challenges: list[str]
    body: bytes


class _Unreached(Exception):  # noqa: N818 -- an outcome: the controller has heard nothing
    """No connection came about."""


def refusal(connection: Connection, community_id: str) -> str:
    """Return why this address may not be reached for a community's device, or nothing."""
    listed = settings().driver_hosts
    return egress.refusal(connection.host, connection.port, listed, community_id)


def carry(order: Order) -> Carried | None:
    """Tell one controller one thing; None if it was told and nobody knows what became of it."""
    call, connection = CALLS.get(order.op), order.connection
    if call is None:
        return Carried("REJECTED", "not_by_this_driver")
    if connection is None or (reason := refusal(connection, order.community_id)):
        return Carried("FAILED", "no_connection" if connection is None else reason)
    end = time.monotonic() + min(ANSWER_S, order.left_ms / 1000)
    told = False
    try:
        asked = _exchange(connection, QUESTION, "", end)
        path = call.format(channel=connection.channel)
        said = _authorization(connection, path, asked)
        told = bool(said)
        return _verdict(_exchange(connection, path, said, end)) if told else _unasked(asked)
    except _Unreached:
        return Carried("FAILED", "unreachable")
    except (OSError, HTTPException, ValueError) as failure:
        logger().warning("no answer", extra={"device": order.device_id, "why": repr(failure)[:200]})
        return None if told else Carried("FAILED", "no_answer")


def _unasked(asked: _Reply) -> Carried:
    """Say why a controller was not told: it cannot be spoken to, or it lets anybody in."""
    if asked.status == HTTPStatus.OK:
        return Carried("FAILED", "no_password_set")
    if asked.status == HTTPStatus.UNAUTHORIZED:
        return Carried("FAILED", "no_digest")
    return Carried("FAILED", f"http_{asked.status}")


def _verdict(reply: _Reply) -> Carried:
    if reply.status == HTTPStatus.OK:
        done = reply.body.strip().upper().startswith(b"OK")
        return Carried("DONE") if done else Carried("FAILED", "refused")
    if reply.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return Carried("FAILED", "bad_credentials")
    return Carried("FAILED", f"http_{reply.status}")


# -- HTTP digest -------------------------------------------------------------------------------


def _authorization(connection: Connection, path: str, asked: _Reply) -> str:
    """Return the header that answers a challenge, or nothing if there is none that we answer.

    Basic is never answered: it would send the password to whoever has the address now.
    """
    offered = [one[7:] for one in asked.challenges if one.lower().startswith("digest ")]
    if asked.status != HTTPStatus.UNAUTHORIZED or not offered:
        return ""
    given = parse_keqv_list(parse_http_list(offered[0]))
    algorithm = given.get("algorithm", "MD5").upper()
    options = [one.strip() for one in given.get("qop", "").split(",")]
    if algorithm not in HASHES or (options != [""] and "auth" not in options):
        return ""
    told = {"username": connection.user, "realm": given.get("realm", ""), "uri": path}
    told |= {name: given[name] for name in ("nonce", "opaque") if name in given}
    if "nonce" not in told or not all(_QUOTABLE.fullmatch(value) for value in told.values()):
        return ""
    return _digest(algorithm, connection.password, told, with_qop=options != [""])


def _digest(algorithm: str, password: str, told: dict[str, str], *, with_qop: bool) -> str:
    def hashed(*parts: str) -> str:
        return hashlib.new(HASHES[algorithm], ":".join(parts).encode()).hexdigest()

    who = hashed(told["username"], told["realm"], password)
    what = hashed("GET", told["uri"])
    plain = {"algorithm": algorithm}
    if with_qop:
        told["cnonce"] = secrets.token_hex(8)
        plain |= {"qop": "auth", "nc": "00000001"}
        told["response"] = hashed(who, told["nonce"], plain["nc"], told["cnonce"], "auth", what)
    else:
        told["response"] = hashed(who, told["nonce"], what)
    words = [f'{name}="{value}"' for name, value in told.items()]
    return "Digest " + ", ".join(words + [f"{name}={value}" for name, value in plain.items()])


# -- one request on one connection -------------------------------------------------------------


class _Hurried(socket.socket):
    """A socket that gives up at an instant, however slowly bytes trickle in before."""

    end = 0.0

    def hurry(self) -> None:
        """Wait no longer than what is left; raises TimeoutError if nothing is."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the controller is too slow")
        self.settimeout(left)

    def recv_into(self, *given: object) -> int:
        """Read what there is, within what is left."""
        self.hurry()
        return super().recv_into(*given)  # type: ignore[arg-type]  # as they were given


def _exchange(connection: Connection, path: str, authorization: str, end: float) -> _Reply:
    """Ask once on a connection of its own; redirects, proxies and cookies do not exist here."""
    with _connected(connection, end) as line:
        http = HTTPConnection(connection.host, connection.port)
        http.sock = line
        line.hurry()
        words = {"Connection": "close"} | (
            {"Authorization": authorization} if authorization else {}
        )
        http.request("GET", path, headers=words)
        with http.getresponse() as reply:
            challenges = reply.headers.get_all("WWW-Authenticate") or []
            body = reply.read1(MOST_BODY) if reply.status == HTTPStatus.OK else b""
            return _Reply(reply.status, challenges, body)


def _connected(connection: Connection, end: float) -> _Hurried:
    line = _Hurried(socket.AF_INET, socket.SOCK_STREAM)
    line.end = end
    try:
        line.hurry()
        line.connect((connection.host, connection.port))
    except OSError as failure:
        line.close()
        raise _Unreached from failure
    return line
