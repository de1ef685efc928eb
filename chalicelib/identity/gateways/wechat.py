"""What identity asks of WeChat: sign-in, phone number, content checks, QR codes.

The `session_key` is dropped as it arrives: with the phone code API nothing needs it
(WECHAT.md 1).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.core import wechat
from chalicelib.core.config import settings


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


def sign_in(js_code: str) -> User:
    """Return whose code of `wx.login` this is; a code is good once, for five minutes.

    Raises Unprocessable `wechat_code_invalid` or `wechat_code_used`, Forbidden
    `wechat_user_blocked`, TooMany, Unavailable.
    """
    query = {
        "appid": settings().wechat_app_id,
        "secret": wechat.app_secret(settings().wechat_secret),
        "js_code": js_code,
        "grant_type": "authorization_code",
    }
    said = wechat.judged(wechat.sent("GET", "/sns/jscode2session", query=query))
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


def qr_code(scene: str, page: str) -> bytes:
    """Return a picture that opens a page with a scene of at most 32 visible characters."""
    asked = {"scene": scene, "page": page, "check_path": False, "env_version": "release"}
    return bytes(_asked("/wxa/getwxacodeunlimit", asked)["picture"])


def _asked(path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    return wechat.judged(wechat.posted(path, body))
