"""Passes and decisions over HTTP: what goes out, what is refused, what a signature is for."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.access.rules import qr
from tests.devices.conftest import signed  # noqa: F401 -- signs a device's request

SOON = timedelta(hours=2)


@pytest.fixture
def give(http, sign, house):
    def do(person: str = "per_1", key: str = "key-00000001", **body):
        now = datetime.now(UTC)
        said = {
            "unit_id": "u1",
            "starts": now.isoformat(),
            "ends": (now + SOON).isoformat(),
            **body,
        }
        token = sign(house.community, person)
        return http("POST", "/resident/passes", said, token=token, idempotency_key=key)

    return do


@pytest.fixture
def decide(signed, house):  # noqa: F811 -- the fixture
    def ask(shown: str, device=None, **more):
        request_id = more.pop("request_id", f"r{time.monotonic_ns()}")
        options = {name: more.pop(name) for name in ("tamper", "at", "message_id") if name in more}
        said = {"request_id": request_id, "method": "qr", "shown": shown, **more}
        return signed(device or house.gate, said, path="/device/access/decisions", **options)

    return ask


def shared(http, sign, house, pass_id: str):
    token = sign(house.community, "per_1")
    return http("GET", f"/resident/passes/{pass_id}/share", token=token).body


def test_a_pass_from_the_hosts_phone_to_the_gate(give, decide, http, sign, house):
    made = give(visitor="王师傅", pin=True, companions=1)
    assert (made.status, made.body["state"], made.body["visitor"]) == (200, "APPROVED", "王师傅")
    said = shared(http, sign, house, made.body["pass_id"])
    opened = qr.opened(said["token"])
    assert opened is not None
    holder, secret = opened
    shown = qr.code(holder, secret, qr.step_at(datetime.now(UTC)))
    told = decide(shown, companions=1)
    assert (told.status, told.body["decision"], told.body["holder"]) == (200, "allow", holder)
    by_pin = decide(said["pin"], house.door, method="pin", unit="u1")
    assert by_pin.body["decision"] == "allow"
    token = sign(house.community, "per_1")
    uses = http("GET", f"/resident/passes/{holder}/uses", token=token).body["items"]
    assert [(use["method"], use["companions"]) for use in uses] == [("pin", 0), ("qr", 1)]
    gone = http("POST", f"/resident/passes/{holder}/revoke", token=token)
    assert gone.body["state"] == "REVOKED"
    assert decide(said["pin"], house.door, method="pin", unit="u1").body["reason"] == "revoked"


def test_the_same_key_is_one_pass(give, http, sign, house):
    now = datetime.now(UTC)
    when = {"starts": now.isoformat(), "ends": (now + SOON).isoformat()}
    one, same = (give(visitor="王师傅", **when) for _ in range(2))
    assert one.body == same.body
    assert give(visitor="李师傅", **when).code == "idempotency_key_reused"
    token = sign(house.community, "per_1")
    assert len(http("GET", "/resident/passes", token=token).body["items"]) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"uses": 0},
        {"uses": -1},
        {"uses": 10**9},
        {"uses": 1.5},
        {"uses": True},
        {"uses": "1"},
        {"companions": True},
        {"floors": [True]},
        {"companions": -1},
        {"companions": 10_000},
        {"visitor": "x" * 41},
        {"visitor": "a\u202eb"},
        {"starts": "2026-11-21T08:00:00"},
        {"ends": "yesterday"},
        {"doors": []},
        {"doors": ["d"] * 21},
        {"floors": [999]},
        {"unit_id": "u1'; --"},
        {"state": "APPROVED"},
        {"host_id": "per_2"},
        {"uses_left": 99},
        {"arrears": True},
    ],
)
def test_absurd_values_are_refused(give, body):
    reply = give(**body)
    assert (reply.status, reply.code) == (400, "invalid_request")


def test_backwards_and_endless_windows_have_codes_of_their_own(give):
    now = datetime.now(UTC)
    backwards = give(starts=(now + SOON).isoformat(), ends=now.isoformat())
    assert (backwards.status, backwards.code) == (422, "window_backwards")
    endless = give(key="key-00000002", ends="2099-01-01T00:00:00+08:00")
    assert (endless.status, endless.code) == (422, "window_too_long")


def test_staff_agree_and_look_with_a_ticket_only(give, http, sign, house):
    def staff(method: str, path: str, body=None, role: str = "property_manager"):
        token = sign(
            house.community, "per_s", audience="property", roles=[role], node=house.community
        )
        return http(method, path, body, token=token)

    rule = {"approval": "staff", "passback_s": 300, "public_floors": [1]}
    assert staff("PUT", "/property/pass-rule", rule, "guard").status == 403
    assert staff("PUT", "/property/pass-rule", rule).body["approval"] == "staff"
    pass_id = give(visitor="王师傅").body["pass_id"]
    assert staff("GET", "/property/passes?state=SPENT", role="guard").status == 403
    waiting = staff("GET", "/property/passes?state=PENDING").body["items"]
    assert [one["pass_id"] for one in waiting] == [pass_id]
    assert "王师傅" not in str(waiting)
    path = f"/property/passes/{pass_id}"
    assert staff("GET", path).code == "ticket_required"
    assert staff("GET", f"{path}?purpose=check&ticket=WO-1").body["visitor"] == "王师傅"
    assert staff("POST", f"{path}/approve", role="guard").status == 403
    assert staff("POST", f"{path}/approve").body["state"] == "APPROVED"
    assert staff("GET", f"{path}/uses?purpose=check&ticket=WO-1").body["items"] == []


def test_a_forged_or_stale_question_is_not_answered(decide):
    def flipped(headers, raw):
        return headers, raw.replace(b'"in"', b'"out"') if b'"in"' in raw else raw + b" "

    forged = decide("x", direction="in", tamper=flipped)
    assert (forged.status, forged.code) == (401, "bad_signature")
    for off in (-301, 301):
        late = decide("x", at=time.time() + off)
        assert (late.status, late.code) == (401, "stale_timestamp")


@pytest.mark.parametrize(
    "body",
    [{"method": "face"}, {"companions": -1}, {"arrears": True}, {"request_id": ""}, {"door": -1}],
)
def test_what_a_door_may_not_say(decide, body):
    reply = decide("x", **body)
    assert (reply.status, reply.code) == (400, "invalid_request")


@pytest.mark.parametrize(
    "shown", ["x" * 200, "LP1...", "LP1.pass_1.1.A", "LP1." + "a" * 190, "\u0000", "通行证", " "]
)
def test_whatever_is_shown_is_answered(decide, shown):
    assert decide(shown).body["decision"] == "deny"
    assert decide(shown, method="pin", unit="u1").body["decision"] == "deny"
    assert decide(shown, method="card").body["decision"] == "deny"


def test_the_same_bytes_a_hundred_times_take_one_use(give, decide, http, sign, house):
    made = give(uses=3)
    said = shared(http, sign, house, made.body["pass_id"])
    opened = qr.opened(said["token"])
    assert opened is not None
    holder, secret = opened
    shown = qr.code(holder, secret, qr.step_at(datetime.now(UTC)))
    told = [decide(shown, request_id="r1", message_id="m1").body for _ in range(10)]
    assert all(one == told[0] for one in told)
    token = sign(house.community, "per_1")
    assert http("GET", f"/resident/passes/{holder}", token=token).body["uses_left"] == 2
