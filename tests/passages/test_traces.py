"""Who sees which trail (LAW.md 3.3): each viewer what the law gives them, and nothing more."""

from datetime import timedelta

import pytest

from chalicelib.core import audit, clock, context
from chalicelib.core.errors import BadRequest, Forbidden, NotFound, TooMany, Unprocessable
from chalicelib.devices import public as devices
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.passages import public as passages
from chalicelib.passages.service import traces
from chalicelib.passages.service.traces import Incident
from tests.identity.residents import NAME, settle
from tests.passages.conftest import Estate, minutes


def looks(estate: Estate, person: str) -> list[audit.View]:
    return audit.views_of(estate.community, person, limit=100, after=None).items


def incident(estate: Estate, **more) -> Incident:
    now = clock.now()
    said = {
        "device_id": estate.gate,
        "since": now - timedelta(hours=1),
        "until": now + timedelta(hours=1),
        "purpose": "快递丢失",
        "ticket": "WO-1",
        **more,
    }
    return Incident(**said)


def of_incident(estate: Estate, limit: int = 20, after: str | None = None, **more) -> traces.Trace:
    manager = estate.staff("property_manager", more.pop("person", ""))
    return traces.of_incident(manager, incident(estate, **more), limit=limit, after=after)


# -- residents ---------------------------------------------------------------------------------


def test_nobody_sees_another_adult_not_even_as_the_owner_of_the_flat(estate: Estate):
    estate.passes(estate.card("per_2"))
    assert traces.own(estate.resident("per_1"), None, limit=20, after=None).items == []
    with pytest.raises(NotFound, match="no_such_person"):
        traces.own(estate.resident("per_1"), "per_2", limit=20, after=None)
    assert len(traces.own(estate.resident("per_2"), None, limit=20, after=None).items) == 1


def test_a_guardian_sees_the_child_and_the_other_parent_does_not(estate: Estate):
    estate.passes(estate.card("kid"))
    assert len(traces.own(estate.resident("per_1"), "kid", limit=20, after=None).items) == 1
    with pytest.raises(NotFound, match="no_such_person"):
        traces.own(estate.resident("per_2"), "kid", limit=20, after=None)


def test_pages_give_each_passage_once_while_others_come(estate: Estate):
    cred, now = estate.card(), clock.now()
    for number in range(5):
        estate.passes(cred, at=now - timedelta(minutes=number + 1))
    seen, after = list[str](), None
    while True:
        page = traces.own(estate.resident(), None, limit=2, after=after)
        seen += [one.passage_id for one in page.items]
        estate.passes(cred)
        if (after := page.next) is None:
            break
    assert len(seen) == len(set(seen)) == 5


# -- a guard -----------------------------------------------------------------------------------


def test_a_guard_sees_their_own_gate_since_they_took_it_up_names_masked(estate: Estate):
    guard, cred = estate.staff("guard"), estate.card()
    with pytest.raises(Forbidden, match="no_post"):
        traces.of_shift(guard, limit=20, after=None)
    estate.passes(cred, at=clock.now() - timedelta(minutes=1))
    post = traces.take_post(guard, estate.gate)
    assert post.until - post.since <= traces.SHIFT + timedelta(seconds=1)
    assert traces.of_shift(guard, limit=20, after=None).items == []
    estate.passes(cred)
    estate.passes(cred, device=estate.door)
    (one,) = traces.of_shift(guard, limit=20, after=None).items
    assert (one.name, one.unit_id, one.place_id) == (f"{NAME[0]}**", "u1", "east")
    (look,) = looks(estate, "per_1")
    assert (look.viewer_id, look.purpose) == (guard.subject_id, "shift")


def test_who_goes_to_another_gate_sees_nothing_of_what_was_there_before(estate: Estate):
    guard = estate.staff("guard")
    traces.take_post(guard, estate.gate)
    estate.passes(estate.card(), device=estate.door)
    traces.take_post(guard, estate.door)
    assert traces.of_shift(guard, limit=20, after=None).items == []


def test_a_shift_ends(estate: Estate):
    guard, began = estate.staff("guard"), clock.now() - timedelta(hours=13)
    traces.take_post(guard, estate.gate, at=began)
    with pytest.raises(Forbidden, match="no_post"):
        traces.of_shift(guard, limit=20, after=None)


def test_a_guard_is_not_told_of_a_child(estate: Estate):
    guard = estate.staff("guard")
    traces.take_post(guard, estate.gate)
    estate.passes(estate.card("kid"))
    (one,) = traces.of_shift(guard, limit=20, after=None).items
    assert (one.withheld, one.name, one.unit_id, one.holder) == (True, None, None, "unknown")
    assert looks(estate, "kid") == []


def test_a_flats_own_lock_is_no_post_and_no_incident(estate: Estate):
    with pytest.raises(Unprocessable, match="private_door"):
        traces.take_post(estate.staff("guard"), estate.lock)
    with pytest.raises(Unprocessable, match="private_door"):
        of_incident(estate, device_id=estate.lock)


# -- a manager ---------------------------------------------------------------------------------


def test_an_incident_is_on_record_before_it_is_seen(estate: Estate):
    estate.passes(estate.card())
    (one,) = of_incident(estate).items
    assert (one.name, one.unit_id) == (NAME, "u1")
    (look,) = looks(estate, "per_1")
    assert (look.ticket, look.purpose) == ("WO-1", "快递丢失")


@pytest.mark.parametrize("ticket", ["", "soon"])
def test_without_a_ticket_nothing_is_seen(estate: Estate, ticket):
    estate.passes(estate.card())
    with pytest.raises(Forbidden, match="ticket_required"):
        of_incident(estate, ticket=ticket)
    with pytest.raises(Forbidden, match="ticket_required"):
        of_incident(estate, purpose=" ")
    assert looks(estate, "per_1") == []


def test_a_window_is_a_day_at_most_and_a_ticket_has_one(estate: Estate):
    now = clock.now()
    with pytest.raises(Unprocessable, match="bad_period"):
        of_incident(estate, since=now - timedelta(hours=24, seconds=1), until=now)
    of_incident(estate, since=now - timedelta(hours=20), until=now)
    of_incident(estate, since=now - timedelta(hours=3), until=now - timedelta(hours=2))
    with pytest.raises(Unprocessable, match="other_incident"):
        of_incident(estate, since=now - timedelta(hours=44), until=now - timedelta(hours=24))
    of_incident(
        estate, since=now - timedelta(hours=44), until=now - timedelta(hours=30), ticket="2"
    )


def test_an_incident_over_midnight_is_read_in_pages(estate: Estate):
    midnight = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    cred = estate.card()
    for hours in (-3, -2, -1, 0):
        estate.passes(cred, at=midnight + timedelta(hours=hours), late=True)
    found, after = list[traces.PassageView](), None
    while True:
        page = of_incident(
            estate,
            limit=2,
            after=after,
            since=midnight - timedelta(hours=3),
            until=midnight + timedelta(hours=1),
        )
        found += page.items
        if (after := page.next) is None:
            break
    assert [one.at.hour for one in found] == [0, 23, 22, 21]


def test_nobody_browses(estate: Estate):
    for number in range(audit.MOST_SUBJECTS + 1):
        person = settle(estate.community, f"per_x{number}", unit_id=f"x{number}")
        estate.passes(estate.card(person, f"x{number}"))
    page = of_incident(estate, limit=100)
    assert sum(one.withheld for one in page.items) == 1
    stranger = settle(estate.community, "per_last", unit_id="x99")
    estate.passes(estate.card(stranger, "x99"), device=estate.door)
    with pytest.raises(TooMany, match="too_many_subjects"):
        of_incident(estate, device_id=estate.door)


def test_an_unknown_plate_is_looked_at_on_record_too(estate: Estate):
    passages.record(estate.event({"plate": "粤Z99999", "direction": "in"}, type_="vehicle.passed"))
    with context.looking() as noted:
        (one,) = of_incident(estate).items
    assert (one.plate, one.name, noted.noted) == ("粤Z99999", None, True)


def test_another_estates_gate_is_not_there(estate: Estate):
    with pytest.raises(NotFound, match="no_such_device"):
        of_incident(estate, device_id="foreign-gate")


def test_a_cursor_is_its_readers_and_its_windows(estate: Estate):
    now, guard = clock.now(), estate.staff("guard")
    card = estate.card()
    for number in range(3):
        estate.passes(card, at=now - minutes(number + 1))
    traces.take_post(guard, estate.gate, at=now - minutes(10))
    after = traces.of_shift(guard, limit=1, after=None).next
    assert after
    traces.take_post(guard, estate.gate, at=now)
    other = estate.staff("guard", "grd_2")
    traces.take_post(other, estate.gate, at=now - minutes(10))
    for reader in (guard, other):
        with pytest.raises(BadRequest, match="bad_cursor"):
            traces.of_shift(reader, limit=1, after=after)


def test_nobody_stands_at_a_meter(estate: Estate):
    meter = devices.enrol(estate.community, Kind.METER, place_id="cellar", name="水表")
    with pytest.raises(Unprocessable, match="no_gate"):
        traces.take_post(estate.staff("guard"), meter.device_id)
