"""The simulated WeChat answers as the real one does, errors and oddities included."""

import dataclasses
import json
import time
from typing import Any

import pytest
import requests

from simulators.wechat.server import serving
from simulators.wechat.state import CODE_LIVES_S, WeChat


@dataclasses.dataclass
class Wire:
    """A client that knows nothing of our own gateway."""

    wechat: WeChat
    port: int
    ahead: float = 0.0

    def get(self, path: str, **query: str) -> Any:
        reply = requests.get(f"http://127.0.0.1:{self.port}{path}", params=query, timeout=5)
        assert reply.status_code == 200
        return reply.json()

    def post(self, path: str, body: object, **query: str) -> requests.Response:
        url = f"http://127.0.0.1:{self.port}{path}"
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return requests.post(url, data=raw, params=query, timeout=5)

    def login(self, code: str, **more: str) -> Any:
        given = {"appid": self.wechat.app_id, "secret": self.wechat.secret, "js_code": code}
        return self.get("/sns/jscode2session", **{**given, **more})

    def token(self, **more: object) -> Any:
        given = {"appid": self.wechat.app_id, "secret": self.wechat.secret}
        return self.post("/cgi-bin/stable_token", {**given, **more}).json()

    def ask(self, path: str, body: dict) -> Any:
        return self.post(path, body, access_token=self.token()["access_token"]).json()


@pytest.fixture
def wire():
    made = Wire(WeChat(), 0)
    made.wechat.now = lambda: time.time() + made.ahead
    with serving(made.wechat) as port:
        made.port = port
        yield made


def test_who_plays_by_hand_is_told_what_is_wanted(wire):
    told = wire.post("/_sim/login_code", b"")
    assert told.status_code == 400
    assert "openid" in told.json()["error"]
    assert wire.post("/_sim/login_code", {"openid": "o_1"}).json()["code"]


def test_a_login_code_is_good_once(wire):
    code = wire.wechat.login_code("o_1", "u_1")
    first = wire.login(code)
    assert (first["openid"], first["unionid"]) == ("o_1", "u_1")
    assert "session_key" in first
    assert "errcode" not in first, "the real one sends none on success"
    assert wire.login(code)["errcode"] == 40163


def test_what_is_no_code_of_ours(wire):
    assert wire.login("nonsense")["errcode"] == 40029
    code = wire.wechat.login_code("o_1")
    wire.ahead = CODE_LIVES_S + 1
    assert wire.login(code)["errcode"] == 40029
    assert wire.login("x", appid="wx_other")["errcode"] == 40013
    assert wire.login("x", secret="guessed")["errcode"] == 40125


def test_the_hundred_and_first_sign_in_of_a_minute(wire):
    codes = [wire.wechat.login_code("o_1") for _ in range(101)]
    answers = [
        wire.wechat.jscode2session(
            {"appid": wire.wechat.app_id, "secret": wire.wechat.secret, "js_code": code}
        )
        for code in codes
    ]
    assert [answer.get("errcode", 0) for answer in answers] == [0] * 100 + [45011]


def test_a_stable_token_is_the_same_until_its_end(wire):
    first = wire.token()
    assert wire.token()["access_token"] == first["access_token"]
    assert wire.token(force_refresh=True)["access_token"] != first["access_token"]
    wire.ahead = 7200
    said = wire.post("/wxa/msg_sec_check", {}, access_token=first["access_token"]).json()
    assert said["errcode"] == 42001
    assert wire.post("/wxa/msg_sec_check", {}, access_token="x").json()["errcode"] == 40001


def test_a_phone_number_and_its_country(wire):
    path = "/wxa/business/getuserphonenumber"
    code = wire.wechat.phone_code("13800001234")
    assert wire.ask(path, {"code": code})["phone_info"]["phoneNumber"] == "13800001234"
    assert wire.ask(path, {"code": code})["errcode"] == 40163
    abroad = wire.ask(path, {"code": wire.wechat.phone_code("5551234", "1")})["phone_info"]
    assert (abroad["phoneNumber"], abroad["purePhoneNumber"]) == ("+15551234", "5551234")


@pytest.mark.parametrize(
    ("content", "suggest"), [("邻居好", "pass"), ("有违规词", "risky"), ("有存疑词", "review")]
)
def test_texts_are_judged(wire, content, suggest):
    said = wire.ask("/wxa/msg_sec_check", {"version": 2, "scene": 2, "content": content})
    assert said["result"]["suggest"] == suggest


def test_one_consent_is_one_message(wire):
    path = "/cgi-bin/message/subscribe/send"
    message = {"touser": "o_1", "template_id": "t", "data": {"thing1": {"value": "快递到了"}}}
    assert wire.ask(path, message)["errcode"] == 43101
    wire.post("/_sim/consent", {"openid": "o_1", "template_id": "t"})
    long = {**message, "data": {"thing1": {"value": "长" * 21}}}
    assert wire.ask(path, long)["errcode"] == 47003
    assert wire.ask(path, message)["errcode"] == 0
    assert wire.ask(path, message)["errcode"] == 43101
    assert wire.get("/_sim/sent")["sent"] == [message]


def test_a_code_picture_or_why_not(wire):
    token = wire.token()["access_token"]
    path = "/wxa/getwxacodeunlimit"
    good = wire.post(path, {"scene": "g=gate1", "page": "pages/open"}, access_token=token)
    assert good.headers["content-type"] == "image/jpeg"
    bad = wire.post(path, {"scene": "x" * 33}, access_token=token)
    assert bad.json()["errcode"] == 40169


def test_it_fails_as_it_is_told(wire):
    wire.post("/_sim/fault", {"path": "/cgi-bin/stable_token", "errcode": -1})
    assert wire.token()["errcode"] == -1
    assert "access_token" in wire.token()
    wire.post("/_sim/fault", {"path": "/cgi-bin/stable_token", "status": 502})
    assert wire.post("/cgi-bin/stable_token", {}).status_code == 502
    wire.post("/_sim/fault", {"path": "/cgi-bin/stable_token", "cut": True})
    with pytest.raises(requests.ConnectionError):
        wire.token()


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"\xff", b'"x"'])
def test_nonsense_is_a_data_format_error(wire, raw):
    assert wire.post("/cgi-bin/stable_token", raw).json()["errcode"] == 47001
