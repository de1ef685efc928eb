"""api.weixin.qq.com: sign-in, phone number, content checks, subscribe messages, QR codes.

It always answers HTTP 200 and an `errcode` (none is 0). Addresses carry secrets, so nothing
of a failed request is logged or chained. The `session_key` is dropped as it arrives: with
the phone code API nothing needs it (WECHAT.md 1). Stable tokens are the same for every
process that asks, hence each keeps its own copy and never forces a new one.
"""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from chalicelib.core import clock, secret
from chalicelib.core.config import settings
from chalicelib.core.errors import Forbidden, Refusal, TooMany, Unavailable, Unprocessable

TIMEOUT_S = (2, 3)
"""Bounds of connecting and of reading."""

TRIES = 3
PAUSE_S = 0.1
RENEW_S = 300
"""A token is asked for again this long before its end: both are valid then."""

BUSY, STALE_TOKEN = -1, frozenset({40001, 40014, 42001})
LARGEST_QR = 2 * 1024 * 1024


@dataclass(frozen=True)
class User:
    """A WeChat user as our mini-program knows them."""

    openid: str
    unionid: str = ""


@dataclass(frozen=True)
class Verdict:
    """What WeChat thinks of a text: `pass`, `review` or `risky`, and its label."""

    suggest: str
    label: int
    trace_id: str


@dataclass
class _Token:
    value: str = ""
    ends: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


def sign_in(js_code: str) -> User:
    """Return whose code of `wx.login` this is; a code is good once, for five minutes.

    Raises Unprocessable `wechat_code_invalid` or `wechat_code_used`, Forbidden
    `wechat_user_blocked`, TooMany, Unavailable.
    """
    query = {
        "appid": settings().wechat_app_id,
        "secret": _app_secret(settings().wechat_secret),
        "js_code": js_code,
        "grant_type": "authorization_code",
    }
    said = _judged(_send("GET", "/sns/jscode2session", query=query))
    return User(str(said["openid"]), str(said.get("unionid", "")))


def phone_number(code: str) -> str:
    """Return the number behind a code of `getPhoneNumber`, with its country code: +86….

    Raises as `sign_in` does.
    """
    said = _asked("/wxa/business/getuserphonenumber", {"code": code})
    found = said["phone_info"]
    return f"+{found['countryCode']}{found['purePhoneNumber']}"


def check_text(openid: str, content: str, *, scene: int) -> Verdict:
    """Judge at most 2,500 characters (1 profile, 2 comment, 3 forum, 4 social log)."""
    asked = {"version": 2, "openid": openid, "scene": scene, "content": content}
    said = _asked("/wxa/msg_sec_check", asked)
    result = said["result"]
    return Verdict(str(result["suggest"]), int(result["label"]), str(said["trace_id"]))


def check_media(openid: str, media_url: str, *, media_type: int, scene: int) -> str:
    """Have an audio (1) or picture (2) judged; its verdict is pushed under this trace id."""
    asked = {
        "version": 2,
        "openid": openid,
        "scene": scene,
        "media_url": media_url,
        "media_type": media_type,
    }
    return str(_asked("/wxa/media_check_async", asked)["trace_id"])


def send_subscribed(
    openid: str, template_id: str, words: Mapping[str, str], *, page: str = ""
) -> None:
    """Send one subscribe message; one consent is good for one.

    Raises Unprocessable `wechat_no_consent`, and as `sign_in` does. Never tried twice: a
    lost answer may hide a message that was sent.
    """
    asked = {
        "touser": openid,
        "template_id": template_id,
        "data": {name: {"value": value} for name, value in words.items()},
        "miniprogram_state": "formal",
        "lang": "zh_CN",
        **({"page": page} if page else {}),
    }
    _asked("/cgi-bin/message/subscribe/send", asked, tries=1)


def qr_code(scene: str, page: str) -> bytes:
    """Return a picture that opens a page with a scene of at most 32 visible characters."""
    asked = {"scene": scene, "page": page, "check_path": False, "env_version": "release"}
    return bytes(_asked("/wxa/getwxacodeunlimit", asked)["picture"])


def _asked(path: str, body: Mapping[str, Any], *, tries: int = TRIES) -> Mapping[str, Any]:
    """Post with the access token; a stale token is replaced once."""
    token = _access_token()
    said = _send("POST", path, query={"access_token": token}, body=body, tries=tries)
    if said.get("errcode") in STALE_TOKEN:
        fresh = _access_token(not_this=token)
        said = _send("POST", path, query={"access_token": fresh}, body=body, tries=tries)
    return _judged(said)


def _access_token(not_this: str = "") -> str:
    token, now = _token(settings().wechat_url), clock.now().timestamp()
    with token.lock:
        if token.value in ("", not_this) or token.ends - RENEW_S <= now:
            asked = {
                "grant_type": "client_credential",
                "appid": settings().wechat_app_id,
                "secret": _app_secret(settings().wechat_secret),
                "force_refresh": False,
            }
            said = _judged(_send("POST", "/cgi-bin/stable_token", body=asked))
            token.value = str(said["access_token"])
            token.ends = now + int(said["expires_in"])
        return token.value


@lru_cache(maxsize=4)
def _token(url: str) -> _Token:  # noqa: ARG001 -- one token per server
    return _Token()


@lru_cache(maxsize=4)
def _app_secret(address: str) -> str:
    return secret.opened(address).decode().strip()


_REFUSALS: dict[int, Refusal] = {
    40029: Unprocessable("wechat_code_invalid", "微信登录凭证无效或已过期，请重试"),
    40163: Unprocessable("wechat_code_used", "微信登录凭证已使用，请重试"),
    40226: Forbidden("wechat_user_blocked", "该微信账号存在风险，暂时无法登录"),
    43101: Unprocessable("wechat_no_consent", "用户未订阅该消息"),
    45009: TooMany("wechat_busy", "操作过于频繁，请稍后再试", retry_after=60),
    45011: TooMany("wechat_busy", "操作过于频繁，请稍后再试", retry_after=60),
}


def _judged(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an answer without an error; raises the refusal that its `errcode` stands for."""
    code = int(said.get("errcode", 0))
    if code == 0:
        return said
    known = _REFUSALS.get(code)
    if isinstance(known, TooMany):
        raise TooMany(known.code, known.message, retry_after=known.retry_after)
    if known is not None:
        raise type(known)(known.code, known.message)
    details = {"errcode": code}
    raise Unavailable("wechat_unavailable", "微信服务暂时不可用，请稍后再试", details=details)


def _send(
    method: str,
    path: str,
    *,
    query: Mapping[str, str] = {},
    body: Mapping[str, Any] | None = None,
    tries: int = TRIES,
) -> Mapping[str, Any]:
    """Return what was answered; asks again while WeChat says that it is busy.

    A lost answer is final: a code may have been spent by it.
    """
    said: Mapping[str, Any] = {}
    for attempt in range(tries):
        if attempt:
            time.sleep(PAUSE_S * 2**attempt)
        said = _once(method, path, query, body)
        if said.get("errcode") != BUSY:
            break
    return said


def _once(
    method: str, path: str, query: Mapping[str, str], body: Mapping[str, Any] | None
) -> Mapping[str, Any]:
    import requests

    try:
        reply = _session().request(
            method,
            settings().wechat_url + path,
            params=query,
            data=None if body is None else json.dumps(body, ensure_ascii=False).encode(),
            headers={"content-type": "application/json"},
            timeout=TIMEOUT_S,
            allow_redirects=False,
        )
        if reply.status_code >= 500:  # noqa: PLR2004 -- HTTP's own figure
            return {"errcode": BUSY}
        if reply.headers.get("content-type", "").startswith("image/"):
            return {"picture": reply.content[:LARGEST_QR]}
        said: Mapping[str, Any] = reply.json()
        return said
    except (requests.RequestException, ValueError):
        lost = Unavailable("wechat_unavailable", "微信服务暂时不可用，请稍后再试")
        raise lost from None  # its words hold the address, and with it our secret


@lru_cache(maxsize=1)
def _session() -> Any:
    import requests

    made = requests.Session()
    made.trust_env = False  # no proxy of the environment hears our secret
    return made
