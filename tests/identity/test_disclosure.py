from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.core.errors import Conflict, Forbidden, NotFound
from chalicelib.identity.rules.disclosure import DisclosureState, Verdict
from chalicelib.identity.service import audit, disclosure
from chalicelib.identity.tables.organisation import Community
from tests.identity.residents import NAME, PHONE, officer, resident, settle
from tests.invariants.store import in_memory

AT = datetime(2026, 3, 1, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
STREET = "county_1/street_1"
POLICE = officer("police_officer", "per_police", node_path=STREET)
FIRST = officer("security_admin", "per_safe_1", node_path=STREET)
SECOND = officer("security_admin", "per_safe_2", node_path=STREET)
ELSEWHERE = officer("security_admin", "per_safe_3", node_path="county_1/street_10")


@pytest.fixture
def memory():
    with in_memory() as made:
        yield made


@pytest.fixture
def asked(memory, community) -> disclosure.DisclosureView:
    Community(community_id=community, name="和苑", path=f"{STREET}/nb_1/{community}").save()
    settle(community)
    return disclosure.ask(POLICE, wanted(community), at=AT)


def wanted(community: str, **more) -> disclosure.Asked:
    given = {
        "community_id": community,
        "subject_id": "per_1",
        "fields": ["name", "phone"],
        "case_number": "A123-2026",
        "document_number": "DOC-45",
        "document_sha256": "0" * 64,
        "officer_name": "李警官",
        "officer_badge": "031234",
        "purpose": "盗窃案件侦查",
        "hours": 24,
    }
    return disclosure.Asked(**{**given, **more})


def judge(caller, asked, verdict=Verdict.RELEASE, *, at=AT):
    return disclosure.judge(
        caller, asked.disclosure_id, verdict, community_id=asked.community_id, at=at
    )


def show(caller, asked, *, at=AT):
    return disclosure.show(caller, asked.disclosure_id, community_id=asked.community_id, at=at)


def test_two_people_release_and_the_asker_reads_with_a_watermark(memory, asked, community):
    assert show(POLICE, asked).disclosed is None
    assert judge(FIRST, asked).state is DisclosureState.HALF_RELEASED
    assert show(POLICE, asked).disclosed is None
    assert judge(SECOND, asked).state is DisclosureState.RELEASED
    assert memory.rows("views") == []

    disclosed = show(POLICE, asked).disclosed
    assert disclosed is not None
    assert disclosed.values == {"name": NAME, "phone": PHONE}
    assert disclosed.unit_ids is None
    for part in ("A123-2026", "031234", "per_police", asked.disclosure_id):
        assert part in disclosed.watermark
    (look,) = audit.views(resident(community), None, limit=9, after=None).items
    assert (look.ticket, look.view_id) == ("A123-2026", disclosed.view_id)


def test_one_person_is_not_two(asked):
    judge(FIRST, asked)
    with pytest.raises(Conflict, match="second_person_required"):
        judge(FIRST, asked)
    assert show(FIRST, asked).state is DisclosureState.HALF_RELEASED


def test_nobody_releases_their_own_request(asked):
    with pytest.raises(Forbidden, match="own_disclosure"):
        judge(POLICE, asked)


def test_one_refusal_ends_it(asked):
    judge(FIRST, asked)
    assert judge(SECOND, asked, Verdict.REFUSE).state is DisclosureState.REFUSED
    with pytest.raises(Conflict, match="disclosure_settled"):
        judge(FIRST, asked)
    assert show(POLICE, asked).disclosed is None


def test_only_the_asker_reads_the_data(memory, asked):
    judge(FIRST, asked)
    judge(SECOND, asked)
    colleague = officer("police_officer", "per_police_2", node_path=STREET)
    for other in (FIRST, SECOND, colleague):
        assert show(other, asked).disclosed is None
    assert memory.rows("views") == []


def test_it_ends(memory, asked):
    judge(FIRST, asked)
    judge(SECOND, asked, at=AT + HOUR)
    assert show(POLICE, asked, at=AT + 24 * HOUR).disclosed is not None
    over = show(POLICE, asked, at=AT + 25 * HOUR)
    assert (over.state, over.disclosed) == (DisclosureState.EXPIRED, None)


def test_a_request_that_waits_too_long_is_over(asked):
    with pytest.raises(Conflict, match="disclosure_settled"):
        judge(FIRST, asked, at=AT + 72 * HOUR)


def test_another_streets_officers_find_nothing(asked, community):
    for call in (judge, show):
        with pytest.raises(NotFound, match="no_such_disclosure"):
            call(ELSEWHERE, asked)
    with pytest.raises(NotFound, match="no_such_community"):
        disclosure.ask(ELSEWHERE, wanted(community))
    with pytest.raises(NotFound, match="no_such_person"):
        disclosure.ask(POLICE, wanted(community, subject_id="per_none"))


def test_a_secret_look_is_shown_to_the_subject_when_the_secret_ends(memory, asked, community):
    secret = disclosure.ask(POLICE, wanted(community, secret_days=30), at=datetime.now(UTC))
    for caller in (FIRST, SECOND):
        judge(caller, secret, at=datetime.now(UTC))
    assert show(POLICE, secret, at=datetime.now(UTC)).disclosed is not None
    assert len(memory.rows("views")) == 1
    assert audit.views(resident(community), None, limit=9, after=None).items == []


def test_without_a_record_no_authority_reads(memory, asked):
    judge(FIRST, asked)
    judge(SECOND, asked)

    def fails(operation, _asked):
        if operation == "TransactWriteItems":
            raise RuntimeError("the store is gone")

    memory.before = fails
    with pytest.raises(RuntimeError):
        show(POLICE, asked)
