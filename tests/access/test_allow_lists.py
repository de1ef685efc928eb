import base64
import dataclasses
import hashlib
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.access.rules import allow_lists as rules
from chalicelib.access.rules import pins, qr
from chalicelib.access.rules.allow_lists import Entry
from chalicelib.access.rules.decisions import Direction, Door, Method, Shown, decide
from chalicelib.access.service import allow_lists, lists_fetched
from chalicelib.access.tables.allow_lists import DoorList, ListChange, ListEntry
from chalicelib.core import clock
from chalicelib.core.errors import Refusal
from chalicelib.core.table import tenant_key
from chalicelib.devices import public as devices
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.service import enrolment
from chalicelib.identity import public as identity
from tests.access.cabins import Cabin
from tools.simulate.held_list import HeldList
from tools.simulate.signing import BadSignature, DeviceKey, envelope, webhook_headers

AT = datetime(2026, 11, 21, 8, tzinfo=UTC)
NOW = clock.epoch_ms(AT)


@pytest.fixture
def cabin(house):
    return Cabin(house.community, house.gate)


def path_of(house, unit="u1") -> str:
    names = {"u1": ("1号楼", "1单元", "101"), "u2": ("2号楼", "1单元", "201")}
    return identity.paths_of(house.community, [names[unit]])[names[unit]]


def put(house, name: str, unit: str = "u1", *, doors: tuple[str, ...] = (), **more) -> int:
    entry = Entry(name, "card", unit, card=name.rjust(64, "0"), **more)
    change = allow_lists.Put(entry, path_of(house, unit), doors)
    return allow_lists.commit(house.community, [change])


def remove(house, name: str, unit: str = "u1") -> int:
    return allow_lists.commit(house.community, [allow_lists.Remove(name, path_of(house, unit))])


def told(cabin: Cabin, since: int, cursor: str | None = None) -> dict:
    return dict(json.loads(json.loads(cabin.answer(since, cursor))["p"]))


def test_each_change_is_a_version_and_a_delta_says_what_changed(house, cabin):
    assert [put(house, "a"), put(house, "b")] == [1, 2]
    cabin.fetch()
    assert (cabin.held.version, set(cabin.held.entries)) == (2, {"a", "b"})
    assert [put(house, "c"), remove(house, "a"), put(house, "b", floors=(3,))] == [3, 4, 5]
    delta = told(cabin, 2)
    assert (delta["whole"], delta["version"], delta["removed"]) == (False, 5, ["a"])
    assert {entry["id"] for entry in delta["added"]} == {"b", "c"}
    cabin.fetch()
    assert {name: one.get("floors") for name, one in cabin.held.entries.items()} == {
        "b": [3],
        "c": None,
    }


def test_removing_what_is_not_there_is_no_version(house):
    put(house, "a")
    assert [remove(house, "b"), remove(house, "a"), remove(house, "a")] == [1, 2, 2]


def test_a_door_has_the_flats_of_its_node_and_the_doors_that_were_chosen(house, cabin):
    put(house, "mine")
    put(house, "theirs", "u2")
    put(house, "chosen", doors=(house.door.device_id,))
    lists = {}
    for made in (house.gate, house.door, house.other_door):
        one = Cabin(house.community, made)
        one.held.take(one.answer(0))
        lists[made.device_id] = set(one.held.entries)
    assert lists == {
        house.gate.device_id: {"mine", "theirs"},
        house.door.device_id: {"mine", "chosen"},
        house.other_door.device_id: {"theirs"},
    }


@pytest.mark.parametrize("kind", Kind)
def test_only_what_lets_people_through_is_given_an_estates_secrets(house, kind):
    put(house, "a", qr_key=base64.b64encode(b"k" * 16).decode())
    speaker = devices.Speaker("dev_x", house.community, kind, "east", house.community, "甲")
    lets_through = {"gate", "door", "panel", "lock", "barrier", "lift_controller"}
    with pytest.raises(Refusal) as refused:
        lists_fetched.fetch(speaker, 0, "", None)
    if kind.value in lets_through:
        assert refused.value.code == "no_such_device", "a list, but no key to sign it with"
    else:
        assert refused.value.code == "not_a_door"
        assert DoorList.of(tenant_key(house.community, "dev_x")) is None


def test_a_camera_gets_no_list_over_http(http, house):
    put(house, "a")
    reply = ask(http, house.camera, {"since": 0})
    assert (reply.status, reply.code) == (422, "not_a_door")


def test_many_cards_given_at_once_all_come_onto_the_list(house):
    """All changes of an estate meet on one row: who is overtaken waits a little, by chance."""
    with ThreadPoolExecutor(12) as pool:
        versions = list(pool.map(lambda n: put(house, f"c{n:02d}"), range(48)))
    assert sorted(versions) == list(range(1, 49))


def test_what_is_on_the_list_already_makes_no_version(house):
    assert [put(house, "a"), put(house, "a"), put(house, "a", floors=(2,))] == [1, 1, 2]


def test_a_door_that_is_moved_gets_the_whole_list_of_where_it_stands(house):
    put(house, "mine")
    put(house, "theirs", "u2")
    one = Cabin(house.community, house.door)
    one.fetch()
    assert set(one.held.entries) == {"mine"}
    staff = house.staff(role="property_manager")
    node = path_of(house, "u2").rpartition("/")[0]
    spot = enrolment.Spot("2号楼", node, new_place=True)
    enrolment.place(staff, house.door.device_id, "2号楼门", spot=spot)
    assert told(one, one.held.version)["whole"], "and this answer is lost on its way"
    one.fetch()
    assert set(one.held.entries) == {"theirs"}


def test_a_long_list_comes_in_pages_and_what_changes_meanwhile_with_the_next_delta(house, cabin):
    changes = [
        allow_lists.Put(Entry(f"e{n:03d}", "card", "u1", card=f"{n:064d}"), path_of(house))
        for n in range(250)
    ]
    for start in range(0, 250, 25):
        allow_lists.commit(house.community, changes[start : start + 25])
    first = told(cabin, 0)
    assert (len(first["added"]), first["version"]) == (rules.PAGE, 250)
    remove(house, "e000")
    remove(house, "e249")
    put(house, "e900")
    last = told(cabin, 0, first["next"])
    assert (last["version"], last["next"]) == (250, None), "the version of its first page"
    held = HeldList(cabin.held.key)
    cursor = held.take(cabin.answer(0))
    while cursor:
        cursor = held.take(cabin.answer(0, cursor), first=False)
    held.take(cabin.answer(held.version))
    assert set(held.entries) == {f"e{n:03d}" for n in range(1, 249)} | {"e900"}


@pytest.mark.parametrize("gap", ["too_far", "forgotten", "ahead"])
def test_a_gap_that_no_log_bridges_is_bridged_by_the_whole_list(house, cabin, gap):
    put(house, "a")
    cabin.fetch()
    assert put(house, "b") == 2
    since = {"too_far": 0, "forgotten": 1, "ahead": 99}[gap]
    if gap == "forgotten":
        ListChange.get(house.community, 2).delete()
    assert told(cabin, since)["whole"]


def test_what_is_over_is_on_no_list(house, cabin):
    put(house, "over", end=clock.epoch_ms(clock.now()) - 1)
    put(house, "good", end=clock.epoch_ms(clock.now()) + 60_000)
    cabin.fetch()
    assert set(cabin.held.entries) == {"good"}


def test_a_list_is_signed_for_one_door(house, cabin):
    put(house, "a")
    other = Cabin(house.community, house.door)
    answer = other.answer(0)
    with pytest.raises(BadSignature):
        cabin.held.take(answer)
    spoilt = json.loads(other.answer(0))
    spoilt["p"] = spoilt["p"].replace('"whole":true', '"whole":false')
    with pytest.raises(BadSignature):
        other.held.take(json.dumps(spoilt))
    assert cabin.held.version == other.held.version == 0


def test_secrets_of_codes_are_sealed_at_rest(house, cabin):
    secret = base64.b64encode(bytes(range(16))).decode()
    change = allow_lists.Put(Entry("cred_q", "qr", "u1", qr_key=secret), path_of(house))
    allow_lists.commit(house.community, [change])
    (row,) = ListEntry.query(house.community)
    assert secret not in json.dumps(row.serialize(), default=str)
    cabin.fetch()
    assert cabin.held.entries["cred_q"]["qr_key"] == secret


def test_what_a_door_applied_is_on_record_and_never_more_than_it_fetched(house, cabin):
    put(house, "a")
    cabin.fetch()
    put(house, "b")
    cabin.say("access.list_applied", version=2)
    row = DoorList.of(tenant_key(house.community, cabin.id))
    assert row is not None
    assert (row.fetched, row.applied) == (1, 1)


def test_a_life_is_the_estates_to_say(house, cabin):
    manager = house.staff(role="property_manager")
    assert lists_fetched.head(manager).life_s == 86_400
    assert lists_fetched.set_life(manager, 3_600).life_s == 3_600
    put(house, "a")
    said = told(cabin, 0)
    assert said["expires_at"] - said["issued_at"] == 3_600_000


# -- the route ---------------------------------------------------------------------------------


def ask(http, made, body: dict, **spoil):
    raw = json.dumps(body).encode()
    key = DeviceKey.from_text(made.device_id, made.key_id, spoil.pop("key", made.key))
    at_s = int(clock.now().timestamp()) + spoil.pop("late_s", 0)
    headers = webhook_headers(key, raw, webhook_id=f"m{at_s}{body}"[:60], at_s=at_s)
    named = {name.replace("-", "_"): value for name, value in headers.items()}
    return http("POST", "/device/access/list", raw, **named)


def test_a_door_fetches_over_http_by_its_own_signature_alone(http, house, cabin):
    put(house, "a")
    reply = ask(http, house.gate, {"since": 0})
    assert reply.status == 200, reply.body
    assert cabin.held.take(json.dumps(reply.body)) is None
    assert set(cabin.held.entries) == {"a"}
    other = ask(http, house.gate, {"since": 0}, key=house.door.key)
    assert (other.status, other.code) == (401, "bad_signature")
    stale = ask(http, house.gate, {"since": 0}, late_s=-400)
    assert (stale.status, stale.code) == (401, "stale_timestamp")
    for body in ({"since": -1}, {"since": "x"}, {"sinse": 1}, {"since": 0, "cursor": "x"}):
        assert ask(http, house.gate, body).status == 400


# -- rules -------------------------------------------------------------------------------------


@given(st.integers(0, 2000), st.integers(0, 2000))
def test_a_delta_only_where_the_log_reaches(since, newest):
    whole = rules.takes_whole(since, newest)
    assert whole == (since == 0 or since > newest or newest - since > rules.MOST_CHANGES)


@given(st.integers(0, 500))
def test_telling_again_waits_longer_each_time_and_never_ends(tellings):
    wait = rules.again_after(tellings)
    assert timedelta(seconds=30) <= wait <= timedelta(minutes=15)
    assert wait <= rules.again_after(tellings + 1)


entries = st.builds(
    Entry,
    id=st.sampled_from(["cred_1", "pass_2", "cred_3"]),
    kind=st.sampled_from(["card", "qr", "pin", "pass"]),
    unit=st.sampled_from(["u1", "u2"]),
    card=st.sampled_from(["", "card-1", "card-2"]),
    qr_key=st.sampled_from(["", "key-1", "key-2"]),
    pin_hash=st.sampled_from(["", "1", "2"]),
    start=st.sampled_from([None, NOW - 1, NOW, NOW + 1]),
    end=st.sampled_from([None, NOW - 1, NOW, NOW + 1]),
    floors=st.sampled_from([(), (1, 2)]),
    uses=st.sampled_from([None, 0, 1, 2]),
    companions=st.integers(0, 2),
)
KEYS = {"card": b"c" * 32, "pin": b"p" * 32}


@given(entries)
def test_an_entry_goes_through_json_unchanged(entry):
    assert Entry.of(json.loads(json.dumps(entry.plain))) == entry


@settings(max_examples=300)
@given(
    st.lists(entries, max_size=3, unique_by=lambda one: one.id),
    st.sampled_from(
        [
            (Method.CARD, "04A2", ""),
            (Method.CARD, "FFFF", ""),
            (Method.PIN, "12345678", "u1"),
            (Method.PIN, "12345678", "u2"),
            (Method.PIN, "1", "u1"),
            *[(Method.QR, holder, skew) for holder in ("cred_1", "pass_2") for skew in (0, 1, -2)],
            (Method.QR, "LP1.x", None),
        ]
    ),
    st.sampled_from(Direction),
    st.sampled_from(["gate", "lift_controller"]),
)
def test_a_vendors_door_decides_offline_as_we_do_online(held, shown, way, kind):
    """Two readings of one protocol, written apart: `decide` and `tools.simulate.held_list`."""
    held = [_real(entry) for entry in held]
    method, what, more = shown
    step = qr.step_at(AT) + (more or 0 if method is Method.QR else 0)
    text = what
    if method is Method.QR and more is not None:
        text = qr.code(what, b"key-1".ljust(16, b"0"), step)
    door = HeldList(DeviceKey("dev_1", "k1", b"k" * 32), kind)
    list_ = {
        "list": "dev_1",
        "version": 1,
        "scope": "x",
        "whole": True,
        "removed": [],
        "next": None,
    }
    list_ |= {"issued_at": NOW, "expires_at": NOW + 60_000, "added": [e.plain for e in held]}
    list_ |= {"keys": {name: base64.b64encode(key).decode() for name, key in KEYS.items()}}
    door.take(envelope(door.key, list_))
    if method is Method.CARD:
        theirs, text = door.card(text, NOW, way), _card(text)
    elif method is Method.PIN:
        theirs = door.pin(more, text, NOW, way)
    else:
        theirs = door.code(text, NOW, way)
    unit = more if method is Method.PIN else ""
    said = Shown(method=method, shown=text, unit_id=unit, direction=way)
    ours = decide(held, said, Door("dev_1", "com", kind), AT, pin_key=KEYS["pin"])
    assert theirs.allow == ours.allow, (theirs, ours)
    assert not ours.allow or theirs.holder == ours.holder


def _card(number: str) -> str:
    return hmac.digest(KEYS["card"], number.encode(), hashlib.sha256).hex()


def _real(entry: Entry) -> Entry:
    card = {"card-1": _card("04A2"), "card-2": _card("0000")}.get(entry.card, "")
    key = base64.b64encode(entry.qr_key.encode().ljust(16, b"0")).decode() if entry.qr_key else ""
    pin = pins.hashed(KEYS["pin"], entry.unit, "12345678") if entry.pin_hash == "1" else ""
    return dataclasses.replace(entry, card=card, qr_key=key, pin_hash=pin)
