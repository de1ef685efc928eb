"""Surveys over HTTP: asked, answered once, changed, counted, and never read back."""

import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core import clock
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict
from chalicelib.identity.events import PersonForgotten
from chalicelib.identity.rules.people import Tie
from chalicelib.surveys.service import answering, counting
from chalicelib.surveys.service.held import held_of
from chalicelib.surveys.tables import Answers, Participation, Survey
from tests.functions.conftest import delivered, kept, woken
from tests.voting.assembly import Assembly

NOW = clock.now()
CLOSES = NOW + timedelta(days=3)
COUNTED_AT = CLOSES + timedelta(minutes=2)
QUESTIONS: list[dict[str, Any]] = [
    {"id": "q1", "kind": "SINGLE", "title": "满意吗？", "options": ["满意", "不满意"]},
    {"id": "q2", "kind": "SCALE", "title": "打几分？", "top": 5},
    {"id": "q3", "kind": "TEXT", "title": "还想说什么？"},
]
WISH = {
    "title": "物业服务满意度",
    "asks": "RESIDENT",
    "questions": QUESTIONS,
    "closes_at": CLOSES.isoformat(),
}
GOOD: dict[str, Any] = {"q1": "满意", "q2": 5}
BAD: dict[str, Any] = {"q1": "不满意", "q2": 1}


@pytest.fixture
def estate(http, sign, community):
    return Assembly(http, sign, community, flats=6)


def announced(estate, **more):
    reply = estate.chair("POST", "/surveys", WISH | more)
    assert reply.status == 200, reply.body
    return reply.body["survey_id"]


def answered(estate, survey, person, answers=GOOD, *, secret=None, **more):
    body = {"secret": secret or secrets.token_hex(32), "answers": answers, **more}
    return estate.resident(person, "PUT", f"/surveys/{survey}/answers", body)


def counted(estate, survey):
    with clock.standing_at(COUNTED_AT):
        woken("count_surveys", {})
        return estate.resident("per_1", "GET", f"/surveys/{survey}").body


def test_residents_answer_and_read_what_came_out_after_the_close(estate):
    survey = announced(estate)
    mine = estate.resident("per_1", "GET", f"/surveys/{survey}/mine").body
    assert (mine["may_answer"], mine["answered"]) == (True, False)
    for number in range(1, 7):
        reply = answered(estate, survey, f"per_{number}", GOOD | {"q3": f"话{number}"})
        assert reply.body == {"survey_id": survey, "is_change": False}
    assert estate.resident("per_1", "GET", f"/surveys/{survey}/mine").body["answered"] is True
    assert estate.chair("GET", f"/surveys/{survey}").body["result"] is None
    assert estate.chair("GET", f"/surveys/{survey}/words?question_id=q3").body["items"] == []
    shown = counted(estate, survey)
    assert (shown["state"], shown["result"]["answered"]) == ("COUNTED", 6)
    first, second, words = shown["result"]["questions"]
    assert first["counts"] == {"满意": 6, "不满意": 0}
    assert (second["mean"], words["texts"]) == (500, 6)
    with clock.standing_at(COUNTED_AT):
        said = estate.chair("GET", f"/surveys/{survey}/words?question_id=q3").body["items"]
    assert sorted(said) == [f"话{number}" for number in range(1, 7)]
    assert answered_late(estate, survey).code == "survey_not_open"


def answered_late(estate, survey):
    with clock.standing_at(CLOSES):
        return answered(estate, survey, "per_1")


def test_of_fewer_than_five_nothing_is_shown(estate):
    survey = announced(estate)
    for number in range(1, 5):
        answered(estate, survey, f"per_{number}", GOOD | {"q3": "我"})
    assert counted(estate, survey)["result"] == {"answered": None, "questions": []}
    with clock.standing_at(COUNTED_AT):
        assert estate.chair("GET", f"/surveys/{survey}/words?question_id=q3").body["items"] == []


def test_answers_are_changed_with_the_secret_and_with_nothing_else(estate):
    survey, secret = announced(estate), secrets.token_hex(32)
    assert answered(estate, survey, "per_1", BAD, secret=secret).body["is_change"] is False
    other = answered(estate, survey, "per_1", GOOD)
    assert (other.status, other.code) == (409, "answered_already")
    stolen = answered(estate, survey, "per_2", GOOD, secret=secret)
    assert (stolen.status, stolen.code) == (409, "answered_already")
    assert answered(estate, survey, "per_1", GOOD, secret=secret).body["is_change"] is True
    (row,) = Answers.query(f"{estate.community}#{survey}")
    assert row.answers == GOOD


def test_twenty_taps_at_once_are_one_answer(estate):
    survey = announced(estate)
    caller = Caller("per_1", estate.community, "resident", ("resident",), 2**40)

    def tap(secret):
        try:
            return answering.answer(caller, survey, secret, GOOD).is_change
        except Conflict as refused:
            return refused.code

    with ThreadPoolExecutor(10) as pool:
        said = list(pool.map(tap, [secrets.token_hex(32) for _ in range(20)]))
    assert sorted(map(str, said)) == ["False"] + ["answered_already"] * 19
    assert len(list(Answers.query(f"{estate.community}#{survey}"))) == 1


def test_one_tap_twice_at_once_is_told_twice_that_it_was_taken(estate):
    survey, secret = announced(estate), secrets.token_hex(32)
    caller = Caller("per_1", estate.community, "resident", ("resident",), 2**40)
    with ThreadPoolExecutor(4) as pool:
        tap = lambda _: answering.answer(caller, survey, secret, GOOD)  # noqa: E731 -- four taps
        said = list(pool.map(tap, range(4)))
    assert [one.is_change for one in said].count(False) == 1
    assert len(list(Answers.query(f"{estate.community}#{survey}"))) == 1


def test_nothing_kept_leads_from_an_answer_to_a_person(estate):
    """Everything that is stored: rows of who answered and of what share no value but our own."""
    survey, tap = announced(estate), secrets.token_hex(32)
    before = {short: set(rows) for short, rows in kept("surveys").items()}
    for number in range(1, 7):
        answers = GOOD if number % 2 else BAD
        answered(estate, survey, f"per_{number}", answers, secret=tap[:-1] + str(number))
    written = {
        short: [json.loads(row) for row in rows if row not in before[short]]
        for short, rows in kept("surveys").items()
    }
    assert {short for short, rows in written.items() if rows} == {
        "survey_participations",
        "survey_answers",
    }
    who = {
        values(row) - same(written["survey_participations"])
        for row in map(Frozen, written["survey_participations"])
    }
    assert len(who) == 6
    said = {values(row) for row in map(Frozen, written["survey_answers"])}
    assert not any(mine & theirs for mine in who for theirs in said)
    told = json.dumps(written, ensure_ascii=False)
    assert tap[:-1] not in told
    assert str(clock.epoch_ms(clock.now()))[:7] not in told  # no instant of today, in seconds or ms


class Frozen:
    """A row of a scan, hashable."""

    def __init__(self, row):
        self.values = frozenset(str(next(iter(value.values()))) for value in row.values())


def values(row):
    return row.values


def same(rows):
    """Return what all rows have alike: the survey's id, its end, the first version."""
    return frozenset.intersection(*(Frozen(row).values for row in rows))


def test_one_answer_for_each_flat_whoever_of_it_is_first(estate):
    survey = announced(estate, per="FLAT")
    estate.settle("per_wife", "u001", Tie.FAMILY)
    assert answered(estate, survey, "per_1").code == "survey_unit"
    assert answered(estate, survey, "per_1", unit_id="u002").code == "survey_unit"
    assert answered(estate, survey, "per_1", unit_id="u001").status == 200
    assert answered(estate, survey, "per_wife", unit_id="u001").code == "answered_already"
    mine = estate.resident("per_wife", "GET", f"/surveys/{survey}/mine").body
    assert (mine["units"], mine["answered_units"]) == (["u001"], ["u001"])


@pytest.mark.parametrize(
    ("asks", "tenant", "stranger"),
    [("OWNER", 403, 403), ("RESIDENT", 200, 403), ("ANONYMOUS", 200, 200)],
)
def test_only_those_who_are_asked_answer(estate, asks, tenant, stranger):
    survey = announced(estate, asks=asks)
    estate.settle("per_tenant", "u001", Tie.TENANT)
    assert answered(estate, survey, "per_tenant").status == tenant
    assert answered(estate, survey, "per_stranger").status == stranger
    assert answered(estate, survey, "per_1").status == 200


def test_a_survey_is_called_off_by_who_made_it_and_counts_nothing(estate, sign, http):
    survey = announced(estate)
    answered(estate, survey, "per_1")
    token = sign(estate.community, "per_m", audience="property", roles=["property_manager"])
    path = f"/property/surveys/{survey}/cancellation"
    refused = http("POST", path, token=token, idempotency_key="cancel-it")
    assert refused.code == "survey_of_another_side"
    assert estate.chair("POST", f"/surveys/{survey}/cancellation").body["state"] == "CANCELLED"
    assert answered(estate, survey, "per_2").code == "survey_not_open"
    assert counted(estate, survey)["result"] is None


def test_the_property_asks_too_and_everybody_of_the_estate_sees_it(estate, sign, http):
    token = sign(estate.community, "per_m", audience="property", roles=["property_manager"])
    reply = http("POST", "/property/surveys", WISH, token=token, idempotency_key="ask-them-all")
    assert reply.status == 200
    (listed,) = estate.resident("per_1", "GET", "/surveys").body["items"]
    assert (listed["made_by"], listed["state"]) == ("property", "OPEN")
    survey = listed["survey_id"]
    words = estate.chair("GET", f"/surveys/{survey}/words?question_id=q3")
    assert (words.status, words.code) == (422, "survey_of_another_side")


def test_a_survey_is_counted_once_however_often_the_clock_strikes(estate):
    survey = announced(estate)
    for number in range(1, 6):
        answered(estate, survey, f"per_{number}")
    first = counted(estate, survey)
    before = kept("surveys")
    assert counted(estate, survey) == first
    assert counting.count(estate.community, survey, at=COUNTED_AT) is False
    assert kept("surveys") == before


def test_who_is_forgotten_has_answered_nothing_and_what_was_said_stays(estate):
    survey = announced(estate)
    answered(estate, survey, "per_1")
    assert list(held_of(estate.community, "per_1")) == [
        ("survey_participations", {"survey_id": survey})
    ]
    gone = PersonForgotten(estate.community, "per_1", NOW, NOW)
    for _ in range(2):
        assert woken("forget_answerers", delivered(gone)) == {"batchItemFailures": []}
    assert list(held_of(estate.community, "per_1")) == []
    assert len(list(Answers.query(f"{estate.community}#{survey}"))) == 1


def test_that_somebody_answered_ends_soon_after_the_close(estate):
    survey = announced(estate)
    answered(estate, survey, "per_1")
    with clock.standing_at(CLOSES + timedelta(days=3)):
        assert Participation.find(f"{estate.community}#per_1", survey) is None
        assert list(held_of(estate.community, "per_1")) == []
    assert Survey.find(estate.community, survey) is not None


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"closes_at": (NOW + timedelta(days=70)).isoformat()}, "survey_window"),
        ({"opens_at": (NOW - timedelta(days=1)).isoformat()}, "survey_past"),
        ({"questions": [{**QUESTIONS[0], "options": ["满意"]}]}, "survey_question"),
    ],
)
def test_what_cannot_be_asked_is_refused(estate, more, code):
    reply = estate.chair("POST", "/surveys", WISH | more)
    assert (reply.status, reply.code) == (422, code)
