"""The simulated WeChat's wire: HTTP on loopback, always 200 and an errcode.

`/_sim/...` is what no real WeChat has: it plays the phones (`/_sim/login_code`,
`/_sim/phone_code`, `/_sim/consent`), tells what was sent, and orders failures.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from simulators.wechat.state import Fault, Json, WeChat, error

Answer = Json | bytes
LARGEST = 1024 * 1024

WITH_TOKEN: dict[str, Callable[[WeChat, Json], Answer]] = {
    "/wxa/business/getuserphonenumber": WeChat.phone_number,
    "/wxa/msg_sec_check": WeChat.text_check,
    "/wxa/media_check_async": WeChat.media_check,
    "/cgi-bin/message/subscribe/send": WeChat.subscribe_send,
    "/wxa/getwxacodeunlimit": WeChat.qr_code,
}


class Handler(BaseHTTPRequestHandler):
    """One request; `wechat` is set by `serving`."""

    wechat: WeChat
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer a GET."""
        self._serve("GET")

    def do_POST(self) -> None:
        """Answer a POST."""
        self._serve("POST")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- its signature
        """Write nothing: addresses carry secrets."""

    def _serve(self, method: str) -> None:
        split = urlsplit(self.path)
        raw = self.rfile.read(min(int(self.headers.get("content-length") or 0), LARGEST))
        query: Json = dict(parse_qsl(split.query))
        if split.path.startswith("/_sim/"):
            return self._play(split.path[6:], raw)
        fault = self.wechat.fault(split.path) or Fault()
        time.sleep(fault.delay_s)
        if fault.cut:
            self.close_connection = True
            return None
        if fault.errcode or fault.status != 200:
            return self._reply(error(fault.errcode, "system error"), fault.status)
        return self._reply(answered(self.wechat, method, split.path, query, raw))

    def _play(self, what: str, raw: bytes) -> None:
        """Play; who tries by hand is told which fields are wanted."""
        try:
            answer = played(self.wechat, what, json.loads(raw or b"{}"))
        except (TypeError, ValueError) as failure:
            return self._reply({"error": f"{what}: {failure}"}, 400)
        return self._reply(answer)

    def _reply(self, answer: Answer, status: int = 200) -> None:
        is_picture = isinstance(answer, bytes)
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "image/jpeg" if is_picture else "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def answered(wechat: WeChat, method: str, path: str, query: Json, raw: bytes) -> Answer:
    """Return what WeChat answers to a call of its server API."""
    if (method, path) == ("GET", "/sns/jscode2session"):
        return wechat.jscode2session(query)
    try:
        body = json.loads(raw)
    except ValueError:
        return error(47001, "data format error")
    if not isinstance(body, dict):
        return error(47001, "data format error")
    if (method, path) == ("POST", "/cgi-bin/stable_token"):
        return wechat.stable_token(body)
    if method != "POST" or path not in WITH_TOKEN:
        return error(40066, "invalid url")
    return wechat.token_trouble(str(query.get("access_token", ""))) or WITH_TOKEN[path](
        wechat, body
    )


def played(wechat: WeChat, what: str, said: Json) -> Json:
    """Do what people and failures do, and show what WeChat has been told."""
    if what in PLAYS:
        return PLAYS[what](wechat, **said) or {}
    return {"sent": wechat.sent, "checked": wechat.checked, "asked": dict(wechat.asked)}


def _fail(wechat: WeChat, path: str, **how: Any) -> None:
    wechat.faults[path] = Fault(**how)


PLAYS: dict[str, Callable[..., Json | None]] = {
    "login_code": lambda wechat, **who: {"code": wechat.login_code(**who)},
    "phone_code": lambda wechat, **who: {"code": wechat.phone_code(**who)},
    "consent": WeChat.consent,
    "fault": _fail,
    "forget_tokens": lambda wechat: wechat.tokens.clear(),
}


def server(wechat: WeChat, port: int = 0) -> ThreadingHTTPServer:
    """Return a server on a port of loopback; it is not serving yet."""
    made = ThreadingHTTPServer(("127.0.0.1", port), type("Bound", (Handler,), {"wechat": wechat}))
    made.daemon_threads = True
    return made


@contextmanager
def serving(wechat: WeChat, port: int = 0) -> Iterator[int]:
    """Serve from a thread of this process within the block; give the port."""
    made = server(wechat, port)
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield made.server_port
    finally:
        made.shutdown()
        made.server_close()
        thread.join()
