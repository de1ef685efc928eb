"""What the simulated WeChat knows: codes, tokens, messages, and how it is told to fail."""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

CODE_LIVES_S = 300.0
TOKEN_LIVES_S = 7200
SIGN_INS_A_MINUTE = 100
RISKY, REVIEW = "违规词", "存疑词"
"""A text with the first is risky, one with the second is for review."""

PICTURE = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffdb004300" + "01" * 64 + "ffd9")
"""The shortest thing that begins and ends as a JPEG."""


@dataclass
class Code:
    """A code of `wx.login` or of the phone button: who, when, spent or not."""

    means: Json
    made: float
    spent: bool = False


@dataclass
class Fault:
    """How the next calls of a path fail: an errcode, an HTTP status, a delay, a cut line."""

    errcode: int = 0
    status: int = 200
    delay_s: float = 0.0
    cut: bool = False
    times: int = 1


@dataclass
class WeChat:
    """One mini-program's WeChat; `now` tells the seconds."""

    app_id: str = "wxsimulated00000001"
    secret: str = "simulated-app-secret"  # noqa: S105 -- of a simulator on loopback
    now: Callable[[], float] = time.time
    logins: dict[str, Code] = field(default_factory=dict)
    phones: dict[str, Code] = field(default_factory=dict)
    tokens: dict[str, float] = field(default_factory=dict)
    consents: Counter[tuple[str, str]] = field(default_factory=Counter)
    sent: list[Json] = field(default_factory=list)
    checked: list[Json] = field(default_factory=list)
    faults: dict[str, Fault] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    asked: Counter[str] = field(default_factory=Counter)
    recent: dict[str, list[float]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    # -- what happens on phones ----------------------------------------------------------------

    def login_code(self, openid: str, unionid: str = "") -> str:
        """Do what `wx.login` does on somebody's phone."""
        means = {"openid": openid} | ({"unionid": unionid} if unionid else {})
        return self._code(self.logins, means)

    def phone_code(self, phone: str, country: str = "86") -> str:
        """Do what a tap on the phone number button does."""
        return self._code(self.phones, {"phone": phone, "country": country})

    def consent(self, openid: str, template_id: str) -> None:
        """Agree to one subscribe message of a template."""
        with self.lock:
            self.consents[openid, template_id] += 1

    def fault(self, path: str) -> Fault | None:
        """Return how this call is to fail, if it is."""
        with self.lock:
            self.asked[path] += 1
            fault = self.faults.get(path)
            if fault is None or fault.times <= 0:
                return None
            fault.times -= 1
            return fault

    # -- what the server API answers -----------------------------------------------------------

    def jscode2session(self, query: Json) -> Json:
        """GET /sns/jscode2session."""
        if trouble := self._not_ours(query):
            return trouble
        with self.lock:
            spent = self._spend(self.logins, str(query.get("js_code", "")))
            if "errcode" in spent:
                return spent
            openid = str(spent["openid"])
            if openid in self.blocked:
                return error(40226, "code blocked")
            if self._too_often(openid):
                return error(45011, "api minute-quota reach limit, must slower, retry next minute")
        return {**spent, "session_key": secrets.token_urlsafe(16)}  # and no errcode, as the real

    def stable_token(self, body: Json) -> Json:
        """POST /cgi-bin/stable_token."""
        if trouble := self._not_ours(body):
            return trouble
        with self.lock:
            now = self.now()
            live = [token for token, ends in self.tokens.items() if ends > now + 300]
            token = live[-1] if live and not body.get("force_refresh") else self._new_token(now)
            return {"access_token": token, "expires_in": round(self.tokens[token] - now)}

    def phone_number(self, body: Json) -> Json:
        """POST /wxa/business/getuserphonenumber."""
        with self.lock:
            spent = self._spend(self.phones, str(body.get("code", "")))
        if "errcode" in spent:
            return spent
        number, country = str(spent["phone"]), str(spent["country"])
        found = {
            "phoneNumber": number if country == "86" else f"+{country}{number}",
            "purePhoneNumber": number,
            "countryCode": country,
            "watermark": {"timestamp": int(self.now()), "appid": self.app_id},
        }
        return {"errcode": 0, "errmsg": "ok", "phone_info": found}

    def text_check(self, body: Json) -> Json:
        """POST /wxa/msg_sec_check."""
        content = str(body.get("content", ""))
        if body.get("scene") not in (1, 2, 3, 4):
            return error(40129, "invalid scene")
        if not content:
            return error(44002, "empty post data")
        suggest, label = ("risky", 20001) if RISKY in content else ("pass", 100)
        if suggest == "pass" and REVIEW in content:
            suggest, label = "review", 21000
        result = {"suggest": suggest, "label": label}
        trace = secrets.token_hex(8)
        return {"errcode": 0, "errmsg": "ok", "result": result, "detail": [], "trace_id": trace}

    def media_check(self, body: Json) -> Json:
        """POST /wxa/media_check_async."""
        if body.get("media_type") not in (1, 2) or not body.get("media_url"):
            return error(47001, "data format error")
        trace = secrets.token_hex(8)
        with self.lock:
            self.checked.append({**body, "trace_id": trace})
        return {"errcode": 0, "errmsg": "ok", "trace_id": trace}

    def subscribe_send(self, body: Json) -> Json:
        """POST /cgi-bin/message/subscribe/send."""
        touser, template = str(body.get("touser", "")), str(body.get("template_id", ""))
        if not touser:
            return error(40003, "invalid openid")
        if not template:
            return error(40037, "invalid template_id")
        if str(body.get("page", "")).startswith("/"):
            return error(41030, "invalid page")
        if any(_is_too_long(name, word["value"]) for name, word in body.get("data", {}).items()):
            return error(47003, "argument invalid")
        with self.lock:
            if self.consents[touser, template] <= 0:
                return error(43101, "user refuse to accept the msg")
            self.consents[touser, template] -= 1
            self.sent.append(body)
        return error(0, "ok")

    def qr_code(self, body: Json) -> Json | bytes:
        """POST /wxa/getwxacodeunlimit: a picture, or why not."""
        scene = str(body.get("scene", ""))
        if not 0 < len(scene) <= 32 or "%" in scene:
            return error(40169, "invalid length for scene, or the data is not json string")
        if str(body.get("page", "")).startswith("/"):
            return error(41030, "invalid page")
        return PICTURE

    def token_trouble(self, token: str) -> Json | None:
        """Return why an access token is not taken, if it is not."""
        with self.lock:
            ends = self.tokens.get(token)
        if ends is None:
            return error(40001, "invalid credential, access_token is invalid or not latest")
        return error(42001, "access_token expired") if ends <= self.now() else None

    # ------------------------------------------------------------------------------------------

    def _code(self, codes: dict[str, Code], means: Json) -> str:
        with self.lock:
            code = secrets.token_urlsafe(24)
            codes[code] = Code(means, self.now())
            return code

    def _spend(self, codes: dict[str, Code], code: str) -> Json:
        known = codes.get(code)
        if known is None or self.now() - known.made > CODE_LIVES_S:
            return error(40029, "invalid code")
        if known.spent:
            return error(40163, "code been used")
        known.spent = True
        return dict(known.means)

    def _too_often(self, openid: str) -> bool:
        now = self.now()
        recent = [at for at in self.recent.get(openid, []) if now - at < 60]
        self.recent[openid] = [*recent, now]
        return len(recent) >= SIGN_INS_A_MINUTE

    def _not_ours(self, said: Json) -> Json | None:
        if said.get("appid") != self.app_id:
            return error(40013, "invalid appid")
        return None if said.get("secret") == self.secret else error(40125, "invalid appsecret")

    def _new_token(self, now: float) -> str:
        token = secrets.token_urlsafe(96)
        self.tokens[token] = now + TOKEN_LIVES_S
        return token


LONGEST = {"thing": 20, "character_string": 32, "number": 32, "phrase": 5, "name": 10}
"""Characters of a field of a subscribe message, by its kind; others take twenty."""


def _is_too_long(field: str, value: str) -> bool:
    return not 0 < len(value) <= LONGEST.get(field.rstrip("0123456789"), 20)


def error(code: int, message: str) -> Json:
    """Return WeChat's error shape."""
    return {"errcode": code, "errmsg": f"{message} rid: {secrets.token_hex(6)}" if code else "ok"}
