"""Bad input: a stable code, nothing written, nothing crashed."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator

import pytest
import requests

from tests.journeys.operator import Stores, token
from tests.journeys.town import Town
from tools.simulate.http_device import EVENT, HttpDevice
from tools.simulate.person import Person
from tools.simulate.signing import DeviceKey, webhook_headers
from tools.simulate.system import System
from tools.simulate.waiting import eventually

ANYTHING = "/resident/calls/call_none/open"


@pytest.fixture
def unchanged(stores: Stores, town: Town) -> Iterator[None]:
    """Assert that the test wrote nothing, and that the system still answers."""
    before = at_rest(settled(stores))
    yield
    time.sleep(0.3)
    after = at_rest(stores.snapshot())
    assert {n: rows for n, rows in after.items() if rows != before[n]} == {}
    assert requests.get(f"{town.estate.base_url}/healthz", timeout=5).status_code == 200


def at_rest(tables: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the tables, of calls that ring or have rung out only which they are.

    A call ends by itself, whatever is tried meanwhile.
    """
    calls = [json.loads(row) for row in tables["linli-calls"]]
    ended = [
        row["call_id"]["S"] if row["state"]["S"] in {"RINGING", "EXPIRED"} else json.dumps(row)
        for row in calls
    ]
    return {**tables, "linli-calls": sorted(ended)}


def settled(stores: Stores) -> dict[str, list[str]]:
    """Return every row once nothing changes any more, whatever ran before."""
    before = stores.snapshot()
    for _ in range(40):
        time.sleep(0.5)
        now = stores.snapshot()
        if now == before:
            return now
        before = now
    raise AssertionError("the tables never came to rest")


def said(answer: requests.Response) -> tuple[int, str]:
    """Status and code, having checked the shape of every error."""
    body = answer.json()
    assert (
        {"code", "message", "request_id"}
        <= set(body)
        <= {
            "code",
            "message",
            "request_id",
            "details",
        }
    )
    assert any("\u4e00" <= letter <= "\u9fff" for letter in body["message"]), body
    return answer.status_code, body["code"]


def signed(town: Town, body: bytes, content_type: str = EVENT) -> requests.Response:
    """Post signed bytes as the panel."""
    return town.panel.post("/device/events", body, content_type)


@pytest.mark.usefixtures("unchanged")
def test_unknown_route_and_wrong_method(town: Town):
    assert said(town.resident.get("/resident/nothing")) == (404, "no_such_route")
    assert said(town.resident.get("/")) == (404, "no_such_route")
    assert said(town.resident.post("/resident/calls")) == (405, "method_not_allowed")
    assert said(town.resident.get(ANYTHING)) == (405, "method_not_allowed")


@pytest.mark.usefixtures("unchanged")
def test_bad_json_and_extra_fields(town: Town):
    path = f"{town.estate.base_url}/property/alerts/alert_none/verdict"
    headers = {
        "authorization": f"Bearer {town.estate.tokens['property']}",
        "idempotency-key": str(uuid.uuid4()),
        "content-type": "application/json",
    }
    for body in (b"{", b"\xff\xfe", b'{"verdict":', b""):
        answer = requests.post(path, data=body, headers=headers, timeout=5)
        assert said(answer) == (400, "bad_json"), body
    wrongs: list[object] = [{"verdict": "true_positive", "outcome": "cleared"}, [], {}]
    for wrong in (*wrongs, {"verdict": "maybe"}):
        answer = requests.post(path, json=wrong, headers=headers, timeout=5)
        assert said(answer) == (400, "invalid_request"), wrong
    secret = "canary-7f3a"
    answer = requests.post(path, json={"verdict": secret}, headers=headers, timeout=5)
    assert secret not in answer.text
    no_key = requests.post(path, json={}, headers={**headers, "idempotency-key": ""}, timeout=5)
    assert said(no_key)[0] == 400
    other_type = {**headers, "content-type": "text/plain"}
    answer = requests.post(path, data=b"x", headers=other_type, timeout=5)
    assert said(answer) == (415, "unsupported_media_type")


@pytest.mark.usefixtures("unchanged")
def test_bodies_that_are_too_large(town: Town):
    huge = b'{"x":"' + b"a" * (11 * 1024 * 1024) + b'"}'
    assert said(signed(town, huge)) == (413, "request_too_large")
    assert said(signed(town, huge[: 300 * 1024]))[0] == 413
    many = json.dumps([town.panel.event("panel.call", {})] * 101).encode()
    assert said(signed(town, many))[0] == 413


@pytest.mark.usefixtures("unchanged")
def test_bad_signatures(town: Town):
    device = town.panel.device
    body = json.dumps(town.panel.ringing(town.estate.ids["unit"], town.estate.ids["gate"])).encode()
    message, now = str(uuid.uuid4()), int(time.time())
    good = webhook_headers(device.key, body, webhook_id=message, at_s=now)
    good["content-type"] = EVENT
    foreign = town.estate.device(town.estate.ids["foreign_panel"])
    forgeries = [
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": ""},
        {"webhook-signature": good["webhook-signature"].replace("v1,", "v1a,")},
        {"webhook-id": "other"},
        {"webhook-timestamp": str(now + 1)},
        {"x-linli-device": foreign.id},
        {"x-linli-device": "nobody"},
        {"x-linli-device": ""},
        {"x-linli-key-id": "k9"},
    ]
    for change in forgeries:
        answer = town.panel.post_as_is("/device/events", body, good | change)
        assert said(answer) == (401, "bad_signature"), change
    changed = town.panel.post_as_is("/device/events", body + b" ", good)
    assert said(changed) == (401, "bad_signature")
    unsigned = town.panel.post_as_is("/device/events", body, {"content-type": EVENT})
    assert said(unsigned) == (401, "bad_signature")
    stolen = DeviceKey(device.id, device.key.key_id, foreign.key.secret)
    headers = webhook_headers(stolen, body, webhook_id=message, at_s=now)
    answer = town.panel.post_as_is("/device/events", body, headers | {"content-type": EVENT})
    assert said(answer) == (401, "bad_signature")


@pytest.mark.usefixtures("unchanged")
def test_a_signature_of_another_time(town: Town):
    body = json.dumps(town.panel.event("panel.call", {})).encode()
    for shift in (-301, 301, 3600):
        headers = webhook_headers(
            town.panel.device.key, body, webhook_id="t", at_s=int(time.time()) + shift
        )
        answer = town.panel.post_as_is("/device/events", body, headers | {"content-type": EVENT})
        assert said(answer) == (401, "stale_timestamp")
        assert "server_time" in answer.json()["details"]


@pytest.mark.usefixtures("unchanged")
def test_tokens_that_are_no_good(town: Town, system: System):
    base = town.estate.base_url

    def ask(bearer: str) -> tuple[int, str]:
        return said(Person(base, bearer).get("/resident/calls"))

    assert ask(token(system.state, exp=int(time.time()) - 1)) == (401, "token_expired")
    assert ask(token(system.state, aud="linli:property")) == (403, "wrong_audience")
    assert ask(token(system.state, iss="somebody")) == (401, "token_invalid")
    assert ask(town.estate.tokens["property"]) == (403, "wrong_audience")
    assert ask(town.estate.tokens["resident"][:-4] + "AAAA") == (401, "token_invalid")
    assert ask("nonsense") == (401, "token_invalid")
    head, _, rest = token(system.state).partition(".")
    none = "eyJhbGciOiJub25lIiwia2lkIjoib25lLW1hY2hpbmUifQ"
    assert ask(f"{none}.{rest.split('.')[0]}.") == (401, "token_invalid")
    assert head
    bare = requests.get(f"{base}/resident/calls", timeout=5)
    assert said(bare) == (401, "token_missing")
    assert said(Person(base, token(system.state, roles=["nobody"])).get("/resident/calls")) == (
        403,
        "not_permitted",
    )
    assert said(town.person("committee").get("/property/devices")) == (403, "wrong_audience")


@pytest.mark.usefixtures("unchanged")
def test_events_that_are_no_events(town: Town):
    assert said(signed(town, b"{")) == (400, "bad_json")
    assert said(signed(town, b"")) == (400, "bad_json")
    assert said(signed(town, b"[" * 50_000)) == (400, "bad_json")
    assert said(signed(town, b"[]"))[0] == 400
    assert said(signed(town, b"{}", "text/xml")) == (415, "unsupported_media_type")


def test_an_event_of_unknown_kind_is_kept_and_starts_nothing(town: Town, stores: Stores):
    before = settled(stores)
    dance = town.panel.event("panel.dance", {"steps": 3})
    answer = town.panel.send(dance)
    assert answer.status_code == 200
    assert answer.json()["results"][0]["status"] == "kept"
    after = settled(stores)
    (kept,) = set(after["linli-device_events"]) - set(before["linli-device_events"])
    assert dance["id"] in kept
    started = ("linli-calls", "linli-commands", "linli-alerts")
    assert {name: after[name] for name in started} == {name: before[name] for name in started}


def test_an_event_whose_data_cannot_be_read_is_refused_unless_it_is_an_alarm(town: Town):
    for data in ({}, {"unit_id": 7}, {"unit_id": "u", "photo": []}):
        answer = town.panel.send(town.panel.event("panel.call", data))
        assert answer.status_code == 200
        assert answer.json()["results"][0]["errors"][0]["loc"][0] == "data"
        assert answer.json()["accepted"] == 0


def test_a_foreign_source_and_extra_fields_are_reported_by_index(town: Town):
    good = town.panel.event("panel.call", {"unit_id": "nowhere", "gate_id": "none"})
    answer = town.panel.send(
        [
            {**good, "source": town.estate.ids["foreign_panel"]},
            {**good, "Surprise": 1},
            {**good, "sequence": -1},
            good,
        ]
    )
    assert answer.status_code == 200
    statuses = [one["status"] for one in answer.json()["results"]]
    assert statuses == ["invalid", "invalid", "invalid", "accepted"]


def test_a_device_cannot_speak_as_another_kind(town: Town):
    """A ring from a gate, which has no bell, rings nobody."""
    before = {call["call_id"] for call in town.calls()}
    gate = HttpDevice(town.device("second_gate"), town.estate.base_url)
    gate.send(
        gate.event("panel.call", {"unit_id": town.estate.ids["unit"], "gate_id": gate.device.id})
    )
    call_id = town.ring()
    assert {call["call_id"] for call in town.calls()} - before == {call_id}


def test_bytes_that_are_no_picture(town: Town, system: System):
    before = {alert["alert_id"] for alert in town.alerts()}
    for junk in (b"not a picture", b"\xff\xd8\xff\xe0" + b"\x00" * 2000, b"GIF89a" + b"\x00" * 99):
        answer = town.camera.send(town.camera.frame_of(junk))
        assert answer.status_code == 200
    missing = {"key": "heyuan/stills/none/0.jpg", "sha256": "0" * 64}
    stolen = {"key": "linyuan/stills/x/0.jpg", "sha256": "0" * 64}
    for picture in (missing, stolen, {"key": "../../etc/passwd", "sha256": ""}, {}, None):
        assert town.camera.send(town.camera.event("lift.sighting", {"picture": picture})).ok
    with town.lift() as lift:  # and the next e-bike is seen as ever
        for seed in (60, 61):
            town.camera.look("two_wheeler", seed)
        assert eventually(lambda: lift.holds == 1, 10)
        for seed in (1, 2, 3):
            town.camera.look("empty", seed)
        assert eventually(lambda: lift.releases == 1)
    assert len(town.new_alerts(before)) == 1
    assert " ended (" not in (system.state / "run.log").read_text(), "a part died and was revived"


def test_an_upload_is_as_large_and_as_typed_as_asked(town: Town):
    def ask(**wish: object) -> requests.Response:
        asked = {"content_type": "image/jpeg", "bytes": 100, "sha256": "0" * 64} | wish
        return town.camera.post("/device/uploads", json.dumps(asked).encode(), "application/json")

    assert said(ask(content_type="image/svg+xml"))[0] == 400
    assert said(ask(bytes=11 * 1024 * 1024))[0] == 400
    assert said(ask(sha256="x"))[0] == 400
    assert said(ask(surprise=1))[0] == 400
    place = ask().json()
    for content, fields in (
        (b"x" * 101, {}),
        (b"x" * 99, {}),
        (b"x" * 100, {"Content-Type": "text/html"}),
        (b"x" * 100, {"key": "heyuan/elsewhere.jpg"}),
    ):
        stored = requests.post(
            place["url"], data=place["fields"] | fields, files={"file": content}, timeout=5
        )
        assert 400 <= stored.status_code < 500, (fields, stored.status_code)
