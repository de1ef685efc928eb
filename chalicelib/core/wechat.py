"""api.weixin.qq.com, as the domains that need it speak to it; and our one access token.

It always answers HTTP 200 and an `errcode` (none is 0). Addresses carry secrets, so nothing
of a failed request is logged or chained.

The token stands in one row per mini-program, sealed. Who finds it old takes a lease on the row
and asks for a stable one (WECHAT.md 1): all others go on with the old one, which is good for
five minutes more, or wait for the new one. A new one is never forced.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.core import clock, keyring, secret
from chalicelib.core.config import settings
from chalicelib.core.errors import Forbidden, Refusal, TooMany, Unavailable, Unprocessable
from chalicelib.core.table import Row

Said = Mapping[str, Any]

TIMEOUT_S = (2, 3)
"""Bounds of connecting and of reading."""

TRIES: Final = 3
PAUSE_S: Final = 0.1
RENEW_S: Final = 300
"""A token is asked for again this long before its end: both are valid then."""

LEASE_S: Final = 20
"""More than asking for a token can take: `TRIES` times both timeouts, and the pauses."""

LOOKS, LOOK_EVERY_S = 10, 0.3
"""How long who has no token waits for the one that another process asks for."""

BUSY: Final = -1
STALE_TOKEN: Final = frozenset({40001, 40014, 42001})
LARGEST_PICTURE: Final = 2 * 1024 * 1024


class AccessToken(Row):
    """A mini-program's access token, and who is asking for the next one; epoch seconds."""

    class Meta:
        short = "wechat_tokens"

    app_id = UnicodeAttribute(hash_key=True)
    sealed = BinaryAttribute(legacy_encoding=False, null=True)
    ends = NumberAttribute(default=0)
    leased_until = NumberAttribute(null=True)


@dataclass
class _Kept:
    value: str = ""
    ends: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


def posted(path: str, body: Said, *, tries: int = TRIES) -> Said:
    """Return what WeChat says to a call of its server API, an `errcode` included.

    A token that it does not know (any more) is replaced once. Raises Unavailable if there is
    no answer: what was asked may have been done.
    """
    token = access_token()
    said = sent("POST", path, query={"access_token": token}, body=body, tries=tries)
    if code_of(said) in STALE_TOKEN:
        fresh = access_token(not_this=token)
        said = sent("POST", path, query={"access_token": fresh}, body=body, tries=tries)
    return said


def code_of(said: Said) -> int:
    """Return the `errcode` of an answer; none is 0."""
    return int(said.get("errcode", 0))


def judged(said: Said) -> Said:
    """Return an answer without an error; raises the refusal that its `errcode` stands for."""
    code = code_of(said)
    if code == 0:
        return said
    refusal = _REFUSALS.get(code, lambda: unavailable(code))()
    raise refusal


def unavailable(code: int | None = None) -> Unavailable:
    """Return the refusal for a WeChat that does not do what it should."""
    details = None if code is None else {"errcode": code}
    return Unavailable("wechat_unavailable", "微信服务暂时不可用，请稍后再试", details=details)


_REFUSALS: dict[int, Callable[[], Refusal]] = {
    40029: lambda: Unprocessable("wechat_code_invalid", "微信登录凭证无效或已过期，请重试"),
    40163: lambda: Unprocessable("wechat_code_used", "微信登录凭证已使用，请重试"),
    40226: lambda: Forbidden("wechat_user_blocked", "该微信账号存在风险，暂时无法登录"),
    45009: lambda: TooMany("wechat_busy", "操作过于频繁，请稍后再试", retry_after=60),
    45011: lambda: TooMany("wechat_busy", "操作过于频繁，请稍后再试", retry_after=60),
}


# -- the access token --------------------------------------------------------------------------


def access_token(not_this: str = "") -> str:
    """Return the access token, another one than that which WeChat refused.

    No call while this process knows a good one; else one read, and for one process of all a
    call of WeChat and two writes. Raises Unavailable.
    """
    kept = _kept(settings().wechat_url)
    with kept.lock:
        if kept.value in ("", not_this) or kept.ends - RENEW_S <= clock.now().timestamp():
            kept.value, kept.ends = _shared(not_this)
        return kept.value


@lru_cache(maxsize=4)
def _kept(url: str) -> _Kept:  # noqa: ARG001 -- one token per server
    return _Kept()


def _shared(not_this: str) -> tuple[str, float]:
    for look in range(LOOKS):
        if look:
            time.sleep(LOOK_EVERY_S)
        now = clock.now().timestamp()
        row = AccessToken.find(settings().wechat_app_id)
        value, ends = _known(row)
        is_good = value not in ("", not_this) and ends > now
        if is_good and ends - RENEW_S > now:
            return value, ends
        if lease := _leased(row, now):
            try:
                return _renewed(lease, now)
            except Refusal:
                if not is_good:
                    raise
        if is_good:
            return value, ends
    raise unavailable()


def _known(row: AccessToken | None) -> tuple[str, float]:
    """Return the token on record and its end, empty if there is none."""
    if row is None or not row.sealed:
        return "", 0.0
    return keyring.unseal(bytes(row.sealed), _bound_to()).decode(), float(row.ends)


def _leased(row: AccessToken | None, now: float) -> int:
    """Return the end of our lease on a row that nobody changed since it was read, else 0.

    One conditional write, none while somebody else's lease runs.
    """
    if row is not None and (row.leased_until or 0) > now:
        return 0
    seen, until = row.version if row is not None else None, int(now) + LEASE_S
    version = AccessToken.version
    same = version.does_not_exist() if seen is None else version == seen
    row = row or AccessToken(app_id=settings().wechat_app_id)
    return until if row.changed([AccessToken.leased_until.set(until)], same) else 0


def _renewed(lease: int, now: float) -> tuple[str, float]:
    """Ask for the stable token under a lease, and write it down for all."""
    asked = {
        "grant_type": "client_credential",
        "appid": settings().wechat_app_id,
        "secret": app_secret(settings().wechat_secret),
        "force_refresh": False,
    }
    row = AccessToken(app_id=settings().wechat_app_id)
    ours, over = AccessToken.leased_until == lease, AccessToken.leased_until.remove()
    try:
        said = judged(sent("POST", "/cgi-bin/stable_token", body=asked, repeatable=True))
        value, ends = str(said["access_token"]), now + int(said["expires_in"])
    except Refusal:
        row.changed([over], ours)
        raise
    sealed = keyring.seal(value.encode(), _bound_to())
    row.changed([AccessToken.sealed.set(sealed), AccessToken.ends.set(int(ends)), over], ours)
    return value, ends


def _bound_to() -> str:
    return f"wechat-token/{settings().wechat_app_id}"


@lru_cache(maxsize=4)
def app_secret(address: str) -> str:
    """Return the mini-program's secret."""
    return secret.opened(address).decode().strip()


# -- the wire ----------------------------------------------------------------------------------


def sent(
    method: str,
    path: str,
    *,
    query: Mapping[str, str] = {},
    body: Said | None = None,
    tries: int = TRIES,
    repeatable: bool = False,
) -> Said:
    """Return what was answered; asks again while WeChat says that it is busy.

    A lost answer is final, for a code may have been spent by it, unless what is asked is
    `repeatable`. Raises Unavailable for it.
    """
    for attempt in range(tries):
        if attempt:
            time.sleep(PAUSE_S * 2**attempt)
        is_last = attempt == tries - 1
        try:
            said = _once(method, path, query, body)
        except Unavailable:
            if is_last or not repeatable:
                raise
        else:
            if is_last or code_of(said) != BUSY:
                return said
    raise AssertionError("nothing was tried")


def _once(method: str, path: str, query: Mapping[str, str], body: Said | None) -> Said:
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
            return {"picture": reply.content[:LARGEST_PICTURE]}
        said: Said = reply.json()
        return said
    except requests.ConnectTimeout:
        return {"errcode": BUSY}  # it never heard us
    except (requests.RequestException, ValueError):
        raise unavailable() from None  # its words hold the address, and with it our secret


@lru_cache(maxsize=1)
def _session() -> Any:
    import requests

    made = requests.Session()
    made.trust_env = False  # no proxy of the environment hears our secret
    return made
