"""A small Dahua controller on loopback: HTTP digest (RFC 7616), two CGIs, and its failures."""

import hashlib
import re
import secrets
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, urlsplit

USER, PASSWORD = "linli", "a word: of the controller"


class Controller(ThreadingHTTPServer):
    """Opens a channel for who knows the password; `conduct` says how it fails."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Cgi)
        self.conduct = "good"
        self.algorithm, self.qop = "MD5", "auth"
        self.asked: list[str] = []
        self.opened: list[tuple[str, str]] = []
        self.nonces: set[str] = set()

    @property
    def port(self) -> int:
        return int(self.server_port)

    def __enter__(self) -> Self:
        threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, *_: object) -> None:
        """Clients that have gone are no news."""

    def knows(self, header: str, uri: str) -> bool:
        """Whether an Authorization header answers one of our challenges for this uri, once."""
        said = {name: quoted or bare for name, quoted, bare in WORDS.findall(header)}
        if said.get("uri") != uri or said.get("nonce") not in self.nonces:
            return False
        self.nonces.discard(said["nonce"])
        who = self._hash(USER, "Login to device", PASSWORD)
        what = self._hash("GET", uri)
        middle = [said["nc"], said["cnonce"], said["qop"]] if self.qop else []
        return str(said["response"]) == self._hash(who, said["nonce"], *middle, what)

    def _hash(self, *parts: str) -> str:
        kind = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}[self.algorithm]
        return kind(":".join(parts).encode()).hexdigest()


WORDS = re.compile(r'(\w+)=(?:"([^"]*)"|([^,\s]+))')


class Cgi(BaseHTTPRequestHandler):
    server: Controller
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        authorization = self.headers.get("Authorization", "")
        self.known = bool(authorization)
        fail = getattr(self, f"_{self.server.conduct}", None)
        if fail is not None and fail():
            return
        if not authorization or not self.server.knows(authorization, self.path):
            self._challenge()
        else:
            self._act()

    def _act(self) -> None:
        where, asked = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        action = asked.get("action", [""])[0]
        if (where.rpartition("/")[2], action) in (
            ("accessControl.cgi", "openDoor"),
            ("trafficSnap.cgi", "openStrobe"),
            ("magicBox.cgi", "reboot"),
        ):
            self.server.opened.append((action, asked.get("channel", [""])[0]))
            self._say(200, b"OK\r\n")
        else:
            self._say(200, b"Error\r\nBad Request!\r\n")

    def _challenge(self) -> None:
        nonce = secrets.token_hex(8)
        self.server.nonces.add(nonce)
        words = f'realm="Login to device", nonce="{nonce}", opaque="5ccc"'
        words += f', qop="{self.server.qop}"' if self.server.qop else ""
        words += f", algorithm={self.server.algorithm}"
        self._say(401, b"", **{"WWW-Authenticate": f"Digest {words}"})

    def _say(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing on the terminal."""

    # -- failures: each says whether it has dealt with the request -----------------------------

    def _slow(self) -> bool:
        time.sleep(0.2)
        return False

    def _busy(self) -> bool:
        self._say(500, b"")
        return True

    def _fails_to_open(self) -> bool:
        if self.known:
            self._say(500, b"")
        return self.known

    def _refuses(self) -> bool:
        if self.known:
            self._say(200, b"Error\r\nErrorID=7\r\n")
        return self.known

    def _forgets_its_challenge(self) -> bool:
        self.server.nonces.clear()
        return False

    def _hangs(self) -> bool:
        time.sleep(1.5)
        return False

    def _hangs_before_opening(self) -> bool:
        if self.known:
            time.sleep(30)
        return self.known

    def _opens_and_says_nothing(self) -> bool:
        if self.known:
            self.server.opened.append(("openDoor", "silently"))
            self.connection.shutdown(socket.SHUT_RDWR)
        return self.known

    def _closes(self) -> bool:
        self.connection.shutdown(socket.SHUT_RDWR)
        return True

    def _trickles(self) -> bool:
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1_000:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(0.05)
        return True

    def _babbles(self) -> bool:
        self.wfile.write(b"\x00\xff" * 200 + b"\r\n\r\n")
        self.connection.shutdown(socket.SHUT_RDWR)
        return True

    def _redirects(self) -> bool:
        self._say(302, b"", Location=f"http://127.0.0.1:{self.server.port}/cgi-bin/secret")
        return True

    def _lets_anybody_in(self) -> bool:
        self._act()
        return True

    def _wants_basic(self) -> bool:
        self._say(401, b"", **{"WWW-Authenticate": 'Basic realm="x"'})
        return True

    def _wants_something_odd(self) -> bool:
        self._say(401, b"", **{"WWW-Authenticate": 'Digest realm="x", nonce="\\"\xff", alg'})
        return True
