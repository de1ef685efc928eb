"""Journey B: a lift camera sees an e-bike; the door is held once, somebody is told once."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import pytest

from tests.journeys.town import Town
from tools.simulate.http_device import BATCH
from tools.simulate.lift_controller import LiftController
from tools.simulate.signing import Json
from tools.simulate.waiting import eventually

E_BIKE, EMPTY = "two_wheeler", "empty"


@pytest.fixture
def lift(town: Town) -> Iterator[LiftController]:
    """The lift controller, connected; the camera sees an empty car before and after."""
    town.restart_camera()
    with town.lift() as lift:
        yield lift
        clear(town)
        eventually(lambda: not [a for a in town.alerts() if a["closed_at"] is None], 5)


def clear(town: Town) -> None:
    """Let the camera see the empty car until an incident would end."""
    for seed in range(3):
        town.camera.look(EMPTY, seed)
        time.sleep(0.1)


def known(town: Town) -> set[str]:
    """The ids of the alerts so far."""
    return {alert["alert_id"] for alert in town.alerts()}


def alert(town: Town, alert_id: str) -> Json:
    """One alert as staff see it."""
    return town.staff.read(f"/property/alerts/{alert_id}")


def test_two_of_three_frames_hold_the_door_until_the_car_is_clear(town: Town, lift: LiftController):
    before = known(town)
    town.camera.look(EMPTY, 50)
    town.camera.look(E_BIKE, 1)
    time.sleep(0.7)
    assert lift.holds == 0, "one frame of three is no incident"
    assert known(town) == before
    town.camera.look(E_BIKE, 2)
    opened = town.new_alerts(before)
    assert len(opened) == 1
    alert_id = opened[0]["alert_id"]
    assert eventually(lambda: lift.holds == 1)
    assert lift.held
    assert opened[0]["kind"] == E_BIKE
    assert opened[0]["place_id"] == town.estate.ids["lift_place"]
    told = eventually(lambda: town.notifications(alert_id))
    assert [one["topic"] for one in told] == ["alert_opened"]

    town.camera.look(E_BIKE, 3)
    clear(town)
    assert eventually(lambda: lift.releases == 1)
    assert not lift.held
    closed = eventually(lambda: (a := alert(town, alert_id))["closed_at"] and a)
    assert closed["state"] == "CLEARED"
    assert closed["outcome"] == "cleared"
    assert lift.holds == 1
    assert len([n for n in town.notifications(alert_id) if n["topic"] == "alert_opened"]) == 1


def test_duplicates_and_reordering_change_nothing(town: Town, lift: LiftController):
    before = known(town)
    frames = [town.camera.frame(E_BIKE, seed) for seed in range(10, 14)]
    dice = random.Random(7)
    for event in dice.sample(frames * 3, len(frames) * 3):
        assert town.camera.send(event).status_code == 200
    assert eventually(lambda: lift.holds == 1)
    time.sleep(2)
    opened = town.new_alerts(before)
    assert len(opened) == 1
    assert lift.holds == 1
    told = town.notifications(opened[0]["alert_id"])
    assert [one["topic"] for one in told] == ["alert_opened"]

    empties = [town.camera.frame(EMPTY, seed) for seed in range(3)]
    for event in [*reversed(empties), *empties, *frames]:
        assert town.camera.send(event).status_code == 200
    assert eventually(lambda: lift.releases == 1)
    time.sleep(2)
    assert (lift.holds, lift.releases) == (1, 1), "old frames must not hold again"
    assert len(town.new_alerts(before)) == 1


def test_a_batch_of_frames_is_one_incident(town: Town, lift: LiftController):
    before = known(town)
    frames = [town.camera.frame(E_BIKE, seed) for seed in range(20, 23)]
    bad = {**frames[0], "id": "no good", "specversion": "9"}
    answer = town.camera.send([*frames, bad])
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 3
    assert [one["status"] for one in answer.json()["results"]] == ["accepted"] * 3 + ["invalid"]
    assert eventually(lambda: lift.holds == 1)
    assert len(town.new_alerts(before)) == 1
    assert BATCH.endswith("batch+json")


def test_what_is_no_e_bike_holds_no_door(town: Town, lift: LiftController):
    before = known(town)
    for seed, kind in enumerate(("person", "pram", "wheelchair", "suitcase", "person")):
        town.camera.look(kind, seed)
    time.sleep(2)
    assert known(town) == before
    assert lift.holds == 0


def test_a_false_alarm_is_ended_by_a_person(town: Town, lift: LiftController):
    before = known(town)
    for seed in (30, 31):
        town.camera.look(E_BIKE, seed)
    opened = town.new_alerts(before)
    assert eventually(lambda: lift.held)
    path = f"/property/alerts/{opened[0]['alert_id']}/verdict"
    foreign = town.person("foreign_property").post(path, {"verdict": "false_positive"})
    assert foreign.status_code == 404
    said = town.staff.post(path, {"verdict": "false_positive", "note": "婴儿车"})
    assert said.status_code == 200, said.text
    assert said.json()["outcome"] == "false_positive"
    assert eventually(lambda: lift.releases == 1)


def test_fire_mode_outranks_the_hold(town: Town, lift: LiftController):
    before = known(town)
    lift.fire_mode = True
    for seed in (44, 45):
        town.camera.look(E_BIKE, seed)
    opened = town.new_alerts(before)
    assert len(opened) == 1
    ended = eventually(lambda: (a := alert(town, opened[0]["alert_id"]))["outcome"] and a)
    assert ended["outcome"] == "overridden"
    assert not lift.held
