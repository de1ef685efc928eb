import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.core import clock
from chalicelib.core.errors import Unprocessable
from chalicelib.core.table import tenant_key
from chalicelib.identity.events import ResidencyEnded
from chalicelib.identity.rules.consent import Channel, Decision, Notice, Purpose, current
from chalicelib.identity.service import consent, lapses
from chalicelib.identity.tables.consents import ConsentStanding, standing_of
from chalicelib.identity.tables.people import Residency
from functions import end_consents, expire_consents
from tests.identity.residents import resident, settle
from tests.invariants.store import Memory, in_memory

AT = datetime(2026, 3, 1, tzinfo=UTC)
FACE = Purpose.FACE_RECOGNITION


@pytest.fixture
def memory(community):
    with in_memory() as made, clock.standing_at(AT):
        settle(community)
        notice = current(FACE)
        shown = (notice.version, notice.sha256)
        consent.decide(
            resident(community), consent.Asked(FACE, Decision.GIVEN, Channel.SETTINGS, *shown)
        )
        yield made


def told(memory: Memory) -> list[str]:
    return sorted(row["name"]["S"].partition(".")[2] for row in memory.rows("outbox"))


def ended(community: str) -> ResidencyEnded:
    return ResidencyEnded(community, "u1", "per_1", AT + timedelta(hours=1))


def leave(community: str, unit_id: str = "u1") -> None:
    row = Residency.find(tenant_key(community, unit_id), "per_1")
    assert row is not None
    row.delete()


def test_a_consent_past_its_end_is_announced_once(memory, community):
    assert expire_consents.handler({}, None) == 0
    with clock.standing_at(AT + timedelta(days=365)):
        with pytest.raises(Unprocessable, match="consent_required"):
            consent.require_consent(community, "per_1", FACE)
        assert expire_consents.handler({}, None) == 1
        assert expire_consents.handler({}, None) == 0
        assert consent.may_ask(community, "per_1", FACE) is True
    assert told(memory) == ["ConsentGiven", "ConsentWithdrawn"]


def test_a_consent_whose_text_asks_for_something_else_is_announced_once(memory, community):
    """The text of the day before is still in NOTICES, so that its consents are found."""
    old = Notice("2026-10", "旧文本，您可随时撤回。", ("face",), "物业服务企业", timedelta(days=9))
    row = ConsentStanding.find(tenant_key(community, "per_1"), FACE.value)
    assert row is not None
    row.turn(replace(row.standing, text_sha256=old.sha256)).save()
    notices = {FACE: (old, current(FACE))}
    assert lapses.expire_consents(notices=notices) == 1
    assert lapses.expire_consents(notices=notices) == 0
    assert told(memory) == ["ConsentGiven", "ConsentWithdrawn"]
    left = standing_of(community, "per_1", FACE)
    assert left is not None
    assert left.state == "outdated"


def test_who_leaves_the_last_home_has_agreed_to_nothing(memory, community):
    leave(community)
    for _ in range(2):
        lapses.end_consents(ended(community))
    assert told(memory) == ["ConsentGiven", "ConsentWithdrawn"]
    with pytest.raises(Unprocessable, match="consent_required"):
        consent.require_consent(community, "per_1", FACE)


def test_who_keeps_another_home_keeps_the_consent(memory, community):
    leave(community)
    Residency(
        unit_key=tenant_key(community, "u2"),
        person_id="per_1",
        person_key=f"{community}#per_1",
        community_id=community,
        unit_id="u2",
        tie="owner",
    ).save()
    lapses.end_consents(ended(community))
    consent.require_consent(community, "per_1", FACE)


def test_a_late_word_of_a_move_does_not_touch_who_is_back(memory, community):
    lapses.end_consents(ended(community))
    consent.require_consent(community, "per_1", FACE)
    assert told(memory) == ["ConsentGiven"]


def test_the_function_hears_it(memory, community):
    leave(community)
    detail = {
        "event_id": "evt_1",
        "community_id": community,
        "request_id": "r",
        "at": 0,
        "body": {
            "community_id": community,
            "unit_id": "u1",
            "person_id": "per_1",
            "ended_at": AT.isoformat(),
        },
    }
    body = json.dumps({"detail-type": "ResidencyEnded", "detail": detail})
    record = {"messageId": "m", "body": body, "eventSource": "aws:sqs"}
    answer = end_consents.handler({"Records": [record]}, None)
    assert answer == {"batchItemFailures": []}
    assert told(memory)[-1] == "ConsentWithdrawn"
