import json
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.core import clock
from chalicelib.core.errors import NotFound, Unprocessable
from chalicelib.core.outbox import OutboxRow
from chalicelib.core.table import tenant_key
from chalicelib.identity import public
from chalicelib.identity.rules.consent import Channel, Decision, Purpose, State, current
from chalicelib.identity.rules.people import Tie
from chalicelib.identity.service import consent
from chalicelib.identity.tables.consents import Consent, ConsentStanding
from tests.identity.residents import resident, settle
from tests.invariants.store import Memory, in_memory

FACE, MARKETING = Purpose.FACE_RECOGNITION, Purpose.MARKETING


@pytest.fixture
def memory():
    with in_memory() as made:
        yield made


def said(purpose: Purpose, decision: Decision = Decision.GIVEN, **more) -> consent.Asked:
    notice = current(purpose)
    shown = {"text_version": notice.version, "text_sha256": notice.sha256, **more}
    return consent.Asked(
        **{"purpose": purpose, "decision": decision, "channel": Channel.SETTINGS, **shown}
    )


def events(memory: Memory) -> list[str]:
    rows = sorted(memory.rows("outbox"), key=lambda row: row["event_id"]["S"])
    return [row["name"]["S"] for row in rows]


def test_giving_and_taking_back_on_the_real_engine(cloud, community):
    given = consent.decide(resident(community), said(FACE))
    public.require_consent(community, "per_1", "face_recognition")
    with pytest.raises(Unprocessable, match="consent_required"):
        public.require_consent(community, "per_1", MARKETING)
    with pytest.raises(Unprocessable, match="consent_required"):
        public.require_consent(community, "per_2", FACE)
    with pytest.raises(Unprocessable, match="consent_required"):
        public.require_consent("com_other", "per_1", FACE)

    assert given.consent_id is not None
    taken = consent.withdraw(resident(community), given.consent_id)
    assert taken.state is State.WITHDRAWN
    with pytest.raises(Unprocessable, match="consent_required"):
        public.require_consent(community, "per_1", FACE)
    told = [row for row in OutboxRow.scan() if row.community_id == community]
    assert {row.name for row in told} == {"identity.ConsentGiven", "identity.ConsentWithdrawn"}
    assert {json.loads(row.body)["consent_id"] for row in told} == {given.consent_id}


def test_the_record_holds_what_the_law_wants(memory, community):
    at = datetime(2026, 3, 1, tzinfo=UTC)
    given = consent.decide(resident(community), said(FACE), at=at)
    row = Consent.find(tenant_key(community, "per_1"), given.consent_id)
    assert row is not None
    notice = current(FACE)
    assert (row.purpose, row.recipient) == ("face_recognition", "物业服务企业")
    assert (row.text_version, row.text_sha256) == (notice.version, notice.sha256)
    assert (list(row.kinds), row.channel) == (["face_template_on_device"], "settings")
    assert row.decided_at == clock.epoch_ms(at)
    assert row.expires >= (at + notice.lasts + timedelta(days=3 * 365)).timestamp()


def test_a_second_tap_is_the_same_consent(memory, community):
    first = consent.decide(resident(community), said(FACE))
    assert consent.decide(resident(community), said(FACE)) == first
    assert len(memory.rows("consents")) == 1
    assert events(memory) == ["identity.ConsentGiven"]


def test_a_second_withdrawal_changes_nothing(memory, community):
    given = consent.decide(resident(community), said(FACE))
    for _ in range(2):
        consent.withdraw(resident(community), given.consent_id or "")
    assert sorted(events(memory)) == ["identity.ConsentGiven", "identity.ConsentWithdrawn"]


def test_an_older_id_takes_back_what_stands_now(memory, community):
    start = datetime(2026, 3, 1, tzinfo=UTC)
    first = consent.decide(resident(community), said(MARKETING), at=start)
    later = start + timedelta(days=366)
    consent.decide(resident(community), said(MARKETING), at=later)
    with clock.standing_at(later):
        assert consent.withdraw(resident(community), first.consent_id or "").state == "withdrawn"
        assert consent.may_ask(community, "per_1", MARKETING) is False
        with pytest.raises(Unprocessable, match="consent_required"):
            consent.require_consent(community, "per_1", MARKETING)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (said(FACE, text_version="2020-01"), "consent_text_changed"),
        (said(FACE, text_sha256="0" * 64), "consent_text_changed"),
        (said(FACE, until=datetime(2020, 1, 1, tzinfo=UTC)), "consent_already_over"),
    ],
)
def test_a_refused_decision_writes_nothing(memory, community, asked, code):
    with pytest.raises(Unprocessable, match=code):
        consent.decide(resident(community), asked)
    assert memory.rows("consents") == memory.rows("consent_standings") == []


def test_a_consent_to_another_text_does_not_hold_and_is_asked_for_anew(memory, community):
    """The text asks for something else since: a new purpose, other data, another recipient."""
    first = consent.decide(resident(community), said(FACE))
    row = ConsentStanding.find(tenant_key(community, "per_1"), FACE.value)
    assert row is not None
    row.text_sha256 = "0" * 64  # of a text that was replaced by one that is `material`
    row.save()
    with pytest.raises(Unprocessable, match="consent_required"):
        consent.require_consent(community, "per_1", FACE)
    assert consent.may_ask(community, "per_1", FACE) is True
    shown = {item.purpose: item for item in consent.consents(resident(community)).items}
    assert shown[FACE].state is State.OUTDATED
    again = consent.decide(resident(community), said(FACE, channel=Channel.PROMPT))
    assert (again.state, again.consent_id != first.consent_id) == (State.GIVEN, True)
    consent.require_consent(community, "per_1", FACE)


def test_after_a_refusal_the_app_is_quiet_for_thirty_days(memory, community):
    start = datetime(2026, 3, 1, tzinfo=UTC)
    consent.decide(resident(community), said(MARKETING, Decision.REFUSED), at=start)
    prompted = said(MARKETING, channel=Channel.PROMPT)
    with pytest.raises(Unprocessable, match="consent_quiet"):
        consent.decide(resident(community), prompted, at=start + timedelta(days=29))
    given = consent.decide(resident(community), prompted, at=start + timedelta(days=30))
    assert given.state is State.GIVEN


def test_a_refusal_tells_nobody_unless_there_was_a_consent(memory, community):
    consent.decide(resident(community), said(MARKETING, Decision.REFUSED))
    assert events(memory) == []
    consent.decide(resident(community), said(MARKETING))
    consent.decide(resident(community), said(MARKETING, Decision.REFUSED))
    assert sorted(events(memory)) == ["identity.ConsentGiven", "identity.ConsentWithdrawn"]


def test_a_guardian_decides_for_a_child_and_nobody_else_does(memory, community):
    settle(community)
    settle(community, "kid", tie=Tie.CHILD, guardian_id="per_1")
    settle(community, "per_2", tie=Tie.FAMILY)
    for_kid = said(FACE, person_id="kid")
    with pytest.raises(Unprocessable, match="guardian_required"):
        consent.decide(resident(community, "kid"), said(FACE))
    for stranger in (resident(community, "per_2"), resident("com_other")):
        with pytest.raises(NotFound, match="no_such_person"):
            consent.decide(stranger, for_kid)
    given = consent.decide(resident(community), for_kid)
    row = Consent.find(tenant_key(community, "kid"), given.consent_id)
    assert row is not None
    assert (row.person_id, row.guardian_id) == ("kid", "per_1")
    consent.require_consent(community, "kid", FACE)
    with pytest.raises(Unprocessable, match="consent_required"):
        consent.require_consent(community, "per_1", FACE)
    with pytest.raises(NotFound, match="no_such_consent"):
        consent.withdraw(resident(community, "per_2"), given.consent_id or "")
    consent.withdraw(resident(community), given.consent_id or "")
    with pytest.raises(Unprocessable, match="consent_required"):
        consent.require_consent(community, "kid", FACE)


def test_a_list_shows_every_purpose_with_its_text(memory, community):
    consent.decide(resident(community), said(FACE))
    shown = {item.purpose: item for item in consent.consents(resident(community)).items}
    assert set(shown) == set(Purpose)
    assert shown[FACE].state is State.GIVEN
    assert shown[MARKETING].state is State.NEVER_ASKED
    assert (shown[FACE].may_ask, shown[MARKETING].may_ask) == (False, True)


def test_asking_for_consent_before_use_is_one_read(memory, community):
    consent.decide(resident(community), said(FACE))
    memory.calls.clear()
    consent.require_consent(community, "per_1", FACE)
    assert memory.calls == ["GetItem"]
