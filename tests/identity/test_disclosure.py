from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.core import clock, outbox
from chalicelib.core.errors import Conflict, Forbidden, NotFound, Unprocessable
from chalicelib.identity.rules.disclosure import DisclosureState, Listing, Verdict
from chalicelib.identity.rules.people import Tie
from chalicelib.identity.service import audit, disclosure, organisation, people, posts
from chalicelib.identity.service.sought import Flat, Sought
from chalicelib.identity.tables.organisation import Community, Unit
from tests.identity.residents import ID_NUMBER, NAME, PHONE, officer, resident, settle
from tests.invariants.store import in_memory

AT = datetime(2026, 3, 1, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
STREET = "county_1/street_1"
POLICE = officer("police_officer", "per_police", node_path=STREET)
FIRST = officer("security_admin", "per_safe_1", node_path=STREET)
SECOND = officer("security_admin", "per_safe_2", node_path=STREET)
AUDITOR = officer("audit_admin", "per_audit", node_path="county_1")
COLLEAGUE = officer("police_officer", "per_police_2", node_path=STREET)
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
        "sought": Sought(subject_id="per_1"),
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


def judge(caller, asked, verdict=Verdict.RELEASE, *, at=AT, secret_days=0):
    return disclosure.judge(
        caller,
        asked.disclosure_id,
        verdict,
        community_id=asked.community_id,
        secret_days=secret_days,
        at=at,
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
    (person,) = disclosed.people
    assert person.values == {"name": NAME, "phone": PHONE}
    assert (person.subject_id, person.unit_ids) == ("per_1", None)
    for part in ("A123-2026", "031234", "per_police", asked.disclosure_id):
        assert part in disclosed.watermark
    (look,) = audit.views(resident(community), None, limit=9, after=None).items
    assert (look.ticket, look.view_id) == ("A123-2026", person.view_id)


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
    for other in (FIRST, SECOND, AUDITOR):
        assert show(other, asked).disclosed is None
    with pytest.raises(NotFound, match="no_such_disclosure"):
        show(COLLEAGUE, asked)
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
        disclosure.ask(POLICE, wanted(community, sought=Sought(subject_id="per_none")))


def released(asked, *, secret_days: int = 0, at=AT):
    for caller in (FIRST, SECOND):
        judge(caller, asked, secret_days=secret_days, at=at)
    return show(POLICE, asked, at=at).disclosed


@pytest.mark.parametrize(
    ("sought", "said"),
    [
        (Sought(phone="+86 " + PHONE), "phone 138****1234"),
        (Sought(id_number=ID_NUMBER.lower()), "id_number 33**************3X"),
        (Sought(flat=Flat("1号楼", "1单元", "101")), "flat 1号楼1单元101"),
    ],
)
def test_police_ask_by_what_they_know(cloud, community, sought, said):
    """Nobody tells them our ids; on the real engine, for the index of ID numbers."""
    Community(community_id=community, name="和苑", path=f"{STREET}/nb_1/{community}").save()
    unit_id = organisation.unit_id_at(community, "1号楼", "1单元", "101")
    Unit(community_id=community, unit_id=unit_id, name="101").save()
    settle(community, unit_id=unit_id)
    outbox.commit(people.claim(people.person_of(community, "per_1")))
    settle(f"{community}_2", unit_id=unit_id)
    asked = disclosure.ask(POLICE, wanted(community, sought=sought), at=AT)
    assert asked.sought == said
    (person,) = released(asked).people
    assert (person.subject_id, person.values["name"]) == ("per_1", NAME)


def test_asking_tells_nobody_who_lives_here(memory, asked, community):
    nobody = disclosure.ask(POLICE, wanted(community, sought=Sought(phone="13999999999")), at=AT)
    assert nobody.state is DisclosureState.ASKED
    assert released(nobody).people == []


def test_everybody_of_a_flat_is_one_request_and_a_look_each(memory, asked, community):
    flat, unit_id = Flat("2", "", "1"), organisation.unit_id_at(community, "2", "", "1")
    Unit(community_id=community, unit_id=unit_id, name="1").save()
    for person in ("per_3", "per_4"):
        settle(community, person, unit_id=unit_id, tie=Tie.FAMILY)
    found = disclosure.ask(POLICE, wanted(community, sought=Sought(flat=flat)), at=AT)
    assert [one.subject_id for one in released(found).people] == ["per_3", "per_4"]
    assert len(memory.rows("views")) == 2


@pytest.mark.parametrize("sought", [Sought(), Sought(phone=PHONE, id_number=ID_NUMBER)])
def test_a_request_means_one_thing(memory, asked, community, sought):
    with pytest.raises(Unprocessable, match="one_subject"):
        disclosure.ask(POLICE, wanted(community, sought=sought), at=AT)


def ids(caller, listing=Listing.WAITING, *, at=AT, **page):
    asked = {"limit": 20, "after": None, **page}
    return [one.disclosure_id for one in disclosure.listed(caller, listing, at=at, **asked).items]


def test_what_waits_is_listed_for_those_who_judge_it(memory, asked, community):
    second = disclosure.ask(POLICE, wanted(community), at=AT + HOUR)
    both = [asked.disclosure_id, second.disclosure_id]
    for caller in (FIRST, AUDITOR, POLICE):
        assert ids(caller, at=AT + HOUR) == both
    assert ids(ELSEWHERE, at=AT + HOUR) == ids(COLLEAGUE, at=AT + HOUR) == []
    judge(FIRST, asked)
    assert ids(SECOND) == both
    judge(SECOND, asked, Verdict.REFUSE)
    assert (ids(FIRST), ids(FIRST, Listing.SETTLED)) == (both[1:], both[:1])
    late = AT + 80 * HOUR
    assert (ids(FIRST, at=late), ids(FIRST, Listing.LAPSED, at=late)) == ([], both[1:])


def test_who_just_got_the_duty_or_new_credentials_releases_nothing(memory, asked):
    """Else one person who resets another becomes both (three days: `rules.posts.SETTLES`)."""
    since = AT - timedelta(hours=71)
    rows = posts.rows(SECOND.subject_id, "security_admin", ["county_1"], since=since)
    outbox.commit(*rows)
    judge(FIRST, asked)
    with pytest.raises(Forbidden, match="duty_too_new"):
        judge(SECOND, asked)
    assert judge(SECOND, asked, at=AT + HOUR).state is DisclosureState.RELEASED


def test_each_releaser_confirms_for_how_long_it_is_secret(memory, asked, community):
    secret = disclosure.ask(POLICE, wanted(community, secret_days=180), at=AT)
    assert (secret.secret_days, secret.hidden_until) == (180, AT + timedelta(days=180))
    for days in (0, 179):
        with pytest.raises(Unprocessable, match="secrecy_unconfirmed"):
            judge(FIRST, secret, secret_days=days)
    with pytest.raises(Unprocessable, match="secrecy_unconfirmed"):
        judge(FIRST, asked, secret_days=180)
    assert judge(FIRST, secret, secret_days=180).state is DisclosureState.HALF_RELEASED
    assert show(AUDITOR, secret).secret_days == 180


def test_a_secret_look_is_shown_to_the_subject_when_the_secret_ends(memory, asked, community):
    def own_list(at):
        with clock.standing_at(at):
            return audit.views(resident(community), None, limit=9, after=None).items

    secret = disclosure.ask(POLICE, wanted(community, secret_days=30), at=AT)
    with clock.standing_at(AT):
        assert released(secret, secret_days=30) is not None
    assert len(memory.rows("views")) == 1
    month = timedelta(days=30)
    assert own_list(AT) == own_list(AT + month - timedelta(seconds=1)) == []
    (look,) = own_list(AT + month)
    assert (look.viewer_id, look.ticket) == ("per_police", "A123-2026")


def test_without_a_record_no_authority_reads(memory, asked):
    judge(FIRST, asked)
    judge(SECOND, asked)

    def fails(operation, _asked):
        if operation == "TransactWriteItems":
            raise RuntimeError("the store is gone")

    memory.before = fails
    with pytest.raises(RuntimeError):
        show(POLICE, asked)
