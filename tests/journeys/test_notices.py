"""Journey: a resident agrees to messages, a visitor rings, and the phone says so at once."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable

import pytest
import requests

from tests.journeys.town import Town
from tools.simulate.person import Person
from tools.simulate.signing import Json
from tools.simulate.system import System
from tools.simulate.waiting import eventually

PHONE = "13800000000"
"""By this the demo estate knows the resident of the flat."""


@pytest.fixture
def play(system: System) -> Callable[..., Json]:
    """What happens on somebody's phone, played by the simulated WeChat."""
    url = json.loads((system.state / "env.json").read_text())["LINLI_WECHAT_URL"]

    def do(what: str, **said: str) -> Json:
        reply: Json = requests.post(f"{url}/_sim/{what}", json=said, timeout=5).json()
        return reply

    return do


def test_a_ring_is_on_the_phone_that_agreed_to_it(town: Town, play: Callable[..., Json]) -> None:
    openid, nobody = f"o_{uuid.uuid4().hex}", Person(town.estate.base_url, "")
    code = play("login_code", openid=openid)["code"]
    ticket = nobody.post("/session/wechat", {"js_code": code}).json()["ticket"]
    body = {"ticket": ticket, "phone_code": play("phone_code", phone=PHONE)["code"]}
    signed = nobody.post("/session/phone", {**body, "community_id": town.estate.community_id})
    resident = Person(town.estate.base_url, signed.json()["session"]["access_token"])
    (ring,) = resident.read("/resident/subscriptions")["items"]
    play("consent", openid=openid, template_id=ring["template_id"])
    choices = [{"template_id": ring["template_id"], "choice": "accept"}]
    counted = resident.post("/resident/subscriptions", {"choices": choices}).json()
    assert counted["items"][0]["left"] == ring["left"] + 1
    call_id = town.ring()

    def mine() -> list[Json]:
        return [one for one in play("sent")["sent"] if one["touser"] == openid]

    assert eventually(mine, 10), "no message came"
    (message,) = mine()
    assert message["page"].endswith(call_id)
    assert len(message["data"]["thing1"]["value"]) <= 20
    assert resident.read("/resident/subscriptions")["items"][0]["left"] == ring["left"]
