"""Doors that ask: two calls, one answer, and nobody in who should not be."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from chalicelib.access import public as access
from chalicelib.access.events import PassSpent
from chalicelib.access.rules.credentials import CredentialKind
from chalicelib.access.rules.decisions import Method, Reason, is_code
from chalicelib.access.rules.passes import PassState
from chalicelib.access.service import credential_views, credentials, passes
from chalicelib.access.service.credential_rows import Wish
from chalicelib.access.tables.allow_lists import ListEntry
from chalicelib.access.tables.decisions import DecisionRow
from chalicelib.core import aws, clock
from chalicelib.core.errors import Conflict, Refusal, Unprocessable
from chalicelib.core.outbox import OutboxRow
from chalicelib.devices import public as devices
from chalicelib.devices.events import DeviceEventRecorded
from chalicelib.identity import public as identity
from tests.access.cabins import Cabin
from tests.access.visitors import IN, OUT, ask, at_door, by_pin, code, give, on_record, window

WRONG = "00000000"


@pytest.fixture
def host(house):
    return house.resident()


def passed(house, device, holder: str, **more) -> DeviceEventRecorded:
    at = more.pop("at", clock.now())
    return DeviceEventRecorded(
        community_id=house.community,
        device_id=device.device_id,
        kind=device.kind,
        place_id="east",
        event_id=more.pop("event_id", "e_1"),
        type="access.passed",
        data={"method": "qr", "holder": holder, "direction": "in", **more},
        boot=1,
        sequence=1,
        occurred_at=at,
        received_at=clock.now(),
        live=True,
    )


def test_a_decision_takes_two_calls(house, host):
    made = give(host, pin=True)
    credential(house, CredentialKind.CARD, number="04A22B91")
    pin, shown, calls = passes.share(host, made.pass_id).pin, code(host, made.pass_id), []
    at_door(house.gate), at_door(house.door)  # remembered, as whoever signs is
    events = aws.client("dynamodb").meta.events
    events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name), "count")
    try:
        for act in (
            lambda: ask(house.gate, shown),
            lambda: by_pin(house.door, pin),
            lambda: by_pin(house.gate, WRONG),
            lambda: ask(house.gate, "0012345678", method=Method.CARD),
            lambda: ask(house.gate, "04A22B91", method=Method.CARD),
        ):
            calls.clear()
            act()
            assert calls == ["BatchGetItem", "TransactWriteItems"]
    finally:
        events.unregister("before-call.dynamodb", unique_id="count")


def test_a_visitor_goes_from_the_gate_to_the_door_on_one_use(house, host):
    made = give(host, companions=2)
    first = ask(house.gate, code(host, made.pass_id), companions=2)
    assert (first.decision, first.reason, first.holder) == ("allow", Reason.OK, made.pass_id)
    assert passes.show(host, made.pass_id).state is PassState.SPENT
    assert ask(house.door, code(host, made.pass_id)).decision == "allow"
    assert ask(house.other_door, code(host, made.pass_id)).reason is Reason.WRONG_DOOR
    later = clock.now() + timedelta(minutes=10)
    with clock.standing_at(later):
        again = ask(house.gate, code(host, made.pass_id), at=later)
        assert again.reason is Reason.SPENT
        assert ask(house.gate, code(host, made.pass_id), at=later, direction=OUT).holder
    used = passes.visits(host, made.pass_id, limit=9, after=None).items
    assert [(one.device_id, one.companions) for one in used[-2:]] == [
        (house.door.device_id, 0),
        (house.gate.device_id, 2),
    ]


def test_the_same_request_has_the_same_answer_while_it_is_good(house, host):
    made = give(host)
    shown, at = code(host, made.pass_id), clock.now()
    first = ask(house.gate, shown, request_id="r1", at=at)
    assert ask(house.gate, shown, request_id="r1", at=at + timedelta(seconds=4)) == first
    assert on_record(house.community, made.pass_id).uses_left == 0
    with pytest.raises(Conflict, match="request_id_reused"):
        ask(house.gate, "LP1.x.1.y", request_id="r1", at=at)
    with pytest.raises(Conflict, match="decision_over"):
        ask(house.gate, shown, request_id="r1", at=at + timedelta(seconds=5.001))
    assert ask(house.door, shown, request_id="r1", at=at).decision_id != first.decision_id


def test_a_code_is_good_once_at_a_door(house, host):
    made = give(host, uses=5)
    shown = code(host, made.pass_id)
    assert ask(house.gate, shown).decision == "allow"
    assert ask(house.gate, shown).reason is Reason.CODE_USED
    assert ask(house.door, shown).decision == "allow", "another door, on the way in"


def test_a_screenshot_is_worth_nothing_a_minute_later(house, host):
    made, at = give(host, uses=5), clock.now()
    shown = code(host, made.pass_id, at)
    assert ask(house.gate, shown, at=at + timedelta(seconds=61)).reason is Reason.STALE_CODE


def test_nobody_comes_in_twice_without_going_out(house, host):
    made, at = give(host, uses=5), clock.now()
    assert ask(house.gate, code(host, made.pass_id, at), at=at).decision == "allow"
    at += timedelta(seconds=60)
    again = ask(house.gate, code(host, made.pass_id, at), at=at)
    assert again.reason is Reason.PASSBACK
    out = ask(house.gate, code(host, made.pass_id, at), at=at, direction=OUT)
    assert out.decision == "allow"
    at += timedelta(seconds=60)
    assert ask(house.gate, code(host, made.pass_id, at), at=at, direction=IN).decision == "allow"
    assert on_record(house.community, made.pass_id).uses_left == 3


def test_a_revoked_pass_opens_nothing_from_then_on(house, host):
    made = give(host, uses=5, pin=True)
    shared, shown = passes.share(host, made.pass_id), code(host, made.pass_id)
    passes.revoke(host, made.pass_id)
    assert ask(house.gate, shown).reason is Reason.REVOKED
    assert by_pin(house.gate, shared.pin).reason is Reason.REVOKED


def test_a_pass_of_another_estate_is_unknown(house, host, community):
    stranger = ask(house.gate, "LP1.pass_OTHER.1.AAAAAAAAAAAAAAAAAAAAAAAAAA")
    assert (stranger.reason, stranger.holder) == (Reason.UNKNOWN_CODE, None)


def test_the_host_who_just_left_lets_nobody_in(house):
    """Nothing has heard of the move yet: the transaction itself asks who lives there."""
    leaver = house.resident("per_2")
    made = give(leaver)
    shown = code(leaver, made.pass_id)
    identity.move_out(house.community, "u1", "per_2")
    found = ask(house.gate, shown)
    assert (found.decision, found.reason) == ("deny", Reason.HOST_LEFT)


def credential(house, kind: CredentialKind, person: str = "per_2", **more):
    wish = Wish(unit_id="u1", kind=kind, person_id=person, **more)
    return credentials.issue(house.staff(role="property_manager"), wish)


def test_a_residents_card_opens_until_it_is_withdrawn(house):
    made = credential(house, CredentialKind.CARD, number="04 A2 2B 91")
    shown = {"method": Method.CARD, "shown": "04:a2:2b:91"}
    first = ask(house.gate, **shown)
    assert (first.decision, first.holder) == ("allow", made.credential_id)
    assert ask(house.door, **shown, companions=9).decision == "allow"
    assert ask(house.other_door, **shown).reason is Reason.WRONG_DOOR
    assert ask(house.gate, method=Method.CARD, shown="04A22B92").reason is Reason.UNKNOWN_CARD
    credential_views.withdraw(house.staff(role="property_manager"), made.credential_id, "遗失")
    assert ask(house.gate, **shown).reason is Reason.UNKNOWN_CARD


def test_who_moved_out_passes_by_no_card_even_before_it_is_withdrawn(house):
    credential(house, CredentialKind.CARD, number="04 A2 2B 91")
    identity.move_out(house.community, "u1", "per_2")
    found = ask(house.gate, "04A22B91", method=Method.CARD)
    assert (found.decision, found.reason) == ("deny", Reason.REVOKED)


def test_windows_hold(house, host):
    made = give(host, window=window(1, 1))
    early = ask(house.gate, code(host, made.pass_id))
    assert early.reason is Reason.TOO_EARLY
    late = clock.now() + timedelta(hours=2, seconds=1)
    shown = code(host, made.pass_id, late)
    assert ask(house.gate, shown, at=late).reason is Reason.EXPIRED


def test_wrong_pins_lock_the_door_for_the_flat_and_only_it(house, host):
    made, other = give(host, pin=True), give(house.resident("per_9"), "u2", pin=True)
    pin = passes.share(host, made.pass_id).pin
    for _ in range(5):
        assert by_pin(house.gate, WRONG).reason is Reason.WRONG_PIN
    assert by_pin(house.gate, pin).reason is Reason.PIN_LOCKED
    assert by_pin(house.door, pin).decision == "allow"
    theirs = passes.share(house.resident("per_9"), other.pass_id).pin
    assert by_pin(house.gate, theirs, "u2").decision == "allow"
    later = clock.now() + timedelta(minutes=10, seconds=1)
    assert by_pin(house.gate, pin, at=later, direction=OUT).decision == "allow"


def test_who_tries_flat_after_flat_is_locked_out_of_the_door(house, host):
    made = give(host, pin=True)
    for number in range(20):
        assert by_pin(house.gate, WRONG, f"u{100 + number}").reason is Reason.WRONG_PIN
    assert by_pin(house.gate, WRONG, "u200").reason is Reason.PIN_LOCKED
    assert by_pin(house.gate, passes.share(host, made.pass_id).pin).reason is Reason.PIN_LOCKED


def test_of_guesses_at_once_each_one_counts(house, host):
    give(host, pin=True)

    def guess(number: int) -> str:
        try:
            return by_pin(house.gate, f"{number:08d}").reason.value
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(guess, range(24)))
    assert found.count("wrong_pin") <= 5
    assert set(found) <= {"wrong_pin", "pin_locked", "lost_race"}


def test_fifty_at_once_with_one_use_let_one_in(house, host):
    made = give(host)
    shown = code(host, made.pass_id)

    def one(_: int) -> str:
        try:
            return ask(house.gate, shown).decision
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(one, range(50)))
    assert found.count("allow") == 1
    assert on_record(house.community, made.pass_id).uses_left == 0


def test_a_spent_pass_shuts_nobody_in_at_doors_that_decide_alone(house, host):
    cabins = {name: Cabin(house.community, getattr(house, name)) for name in ("gate", "door")}
    made = give(host)
    assert ask(house.gate, code(host, made.pass_id)).decision == "allow"
    (fact,) = [row for row in OutboxRow.scan() if made.pass_id in row.body and "Spent" in row.name]
    row = on_record(house.community, made.pass_id)
    event = PassSpent(house.community, made.pass_id, "u1", row.unit_path, clock.now())
    access.list_spent_pass(event)
    for cabin in cabins.values():
        cabin.fetch()
    version = cabins["gate"].held.version
    access.list_spent_pass(event)
    cabins["gate"].fetch()
    assert (fact.name, cabins["gate"].held.version) == ("access.PassSpent", version)
    at = clock.now()

    def shown(name: str, way: str, minutes: int = 0) -> bool:
        then = at + timedelta(minutes=minutes)
        seen = code(host, made.pass_id, then)
        return cabins[name].held.code(seen, clock.epoch_ms(then), way).allow

    assert shown("door", "in"), "the door of the house belongs to the visit that began at the gate"
    assert shown("door", "out")
    assert shown("gate", "out"), "who is in comes out"
    assert not shown("gate", "in", 5), "and has no second visit"
    assert not shown("gate", "unknown", 5)


def test_the_last_visitor_gone_a_spent_pass_opens_no_door_further_in(house, host):
    inner = Cabin(house.community, house.door)
    made = give(host)
    ask(house.gate, code(host, made.pass_id))
    ask(house.gate, code(host, made.pass_id), direction=OUT)
    row = on_record(house.community, made.pass_id)
    event = PassSpent(house.community, made.pass_id, "u1", row.unit_path, clock.now())
    access.list_spent_pass(event)
    inner.fetch()
    seen, at = code(host, made.pass_id), clock.epoch_ms(clock.now())
    assert not inner.held.code(seen, at, "in").allow
    assert inner.held.code(seen, at, "out").allow


def test_a_pass_that_ended_comes_back_on_no_list(house, host):
    made = give(host)
    ask(house.gate, code(host, made.pass_id))
    row = on_record(house.community, made.pass_id)
    event = PassSpent(house.community, made.pass_id, "u1", row.unit_path, clock.now())
    passes.revoke(host, made.pass_id)
    access.list_spent_pass(event)
    assert list(ListEntry.query(house.community)) == []


def test_one_code_opens_one_gate_however_many_gates_and_readers_there_are(house, host):
    other = devices.enrol(
        house.community, devices.Kind.GATE, place_id="west", name="西门", node_path=house.community
    )
    made = give(host, uses=5)
    shown = code(host, made.pass_id)
    assert ask(house.gate, shown).decision == "allow"
    assert ask(other, shown).reason is Reason.CODE_USED
    assert ask(house.gate, shown, reader=2).reason is Reason.CODE_USED
    assert ask(house.door, shown).decision == "allow", "further in: the same visit"


def test_whatever_is_a_code_by_its_method_is_good_once(house, host):
    assert {method for method in Method if is_code(method)} == {Method.QR}
    for method in filter(is_code, Method):
        shown = code(host, give(host, uses=5).pass_id)
        reasons = [ask(house.gate, shown, method=method).reason for _ in range(2)]
        assert reasons == [Reason.OK, Reason.CODE_USED]


def test_a_door_is_not_believed_more_than_it_can_know(house, host):
    made = give(host, uses=3, companions=2)
    elsewhere = passed(house, house.other_door, made.pass_id, event_id="e_far")
    access.record_visit(elsewhere)
    assert on_record(house.community, made.pass_id).uses_left == 3
    tomorrow = clock.now() + timedelta(days=1)
    access.record_visit(passed(house, house.gate, made.pass_id, at=tomorrow, companions=900))
    (visit,) = passes.visits(host, made.pass_id, limit=9, after=None).items
    assert visit.companions == 50
    assert visit.at <= clock.now()


def test_a_use_at_the_edge_counts_once_and_an_answered_one_not_again(house, host):
    made = give(host, uses=3)
    event = passed(house, house.gate, made.pass_id, companions=1)
    access.record_visit(event)
    access.record_visit(event)
    access.record_visit(passed(house, house.gate, made.pass_id, event_id="e_2", decision="dec_1"))
    access.record_visit(passed(house, house.gate, "cred_1", event_id="e_3"))
    access.record_visit(passed(house, house.gate, "pass_none", event_id="e_4"))
    assert on_record(house.community, made.pass_id).uses_left == 2
    (visit,) = passes.visits(host, made.pass_id, limit=9, after=None).items
    assert (visit.edge, visit.companions, visit.direction) == (True, 1, "in")


def test_a_camera_asks_in_vain(house):
    with pytest.raises(Unprocessable, match="not_a_door"):
        ask(house.camera, "x")


def test_what_is_kept_of_a_request_tells_no_pin(house, host):
    by_pin(house.gate, WRONG, request_id="r9")
    row = DecisionRow.find(f"{house.community}#{house.gate.device_id}#r9")
    assert row is not None
    assert WRONG not in repr(row.serialize())
    assert row.who is None
    assert row.holder_key is None
    assert not row.allow
