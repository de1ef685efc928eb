"""WeChat's subscribe messages: one consent is good for one (WECHAT.md 1)."""

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from chalicelib.core import clock, wechat
from chalicelib.core.errors import Refusal

PATH: Final = "/cgi-bin/message/subscribe/send"
CONCURRENT: Final = 43108
ENDS: Final = {0: "sent", 43101: "no_consent", 45009: "later", 45011: "later"}
AGAIN: Final = frozenset({wechat.BUSY, CONCURRENT})


def send(
    address: str, template_id: str, words: Mapping[str, str], page: str, until: datetime
) -> tuple[str, str]:
    """Send one message to an openid, not after an instant; return what became of it, and why.

    While WeChat says that it is busy it has sent nothing, and is asked again. A lost answer may
    hide a message that was sent: it is not asked again, for a phone should not ring twice.
    """
    try:
        wechat.access_token()
    except Refusal:
        return "busy", "token"  # nothing was sent without one
    asked = {
        "touser": address,
        "template_id": template_id,
        "data": {name: {"value": value} for name, value in words.items()},
        "miniprogram_state": "formal",
        "lang": "zh_CN",
        **({"page": page} if page else {}),
    }
    code = wechat.BUSY
    for attempt in range(wechat.TRIES):
        if attempt:
            time.sleep(wechat.PAUSE_S * 2**attempt)
        if clock.now() >= until:
            return "late", str(code) if attempt else ""
        try:
            code = wechat.code_of(wechat.posted(PATH, asked, tries=1))
        except Refusal:
            return "lost", ""
        if code not in AGAIN:
            return ENDS.get(code, "refused"), str(code)
    return "busy", str(code)
