import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from pynamodb.attributes import UnicodeAttribute

from chalicelib.access.events import CallClosed
from chalicelib.core import aws, clock, context, once, outbox, relay
from chalicelib.core.errors import Conflict
from chalicelib.core.outbox import OutboxRow
from chalicelib.core.table import Row
from chalicelib.identity.tables.organisation import Unit

pytestmark = pytest.mark.usefixtures("cloud")


@dataclass(frozen=True)
class Answer:
    unit_id: str
    at: datetime


def closed(community: str) -> CallClosed:
    return CallClosed(community, "call_1", "OPENED", datetime(2026, 1, 1, tzinfo=UTC))


def rows_of(community: str) -> list[OutboxRow]:
    return [row for row in OutboxRow.scan() if row.community_id == community]


def new_unit(community: str, unit_id: str = "u1") -> Unit:
    return Unit(community_id=community, unit_id=unit_id, name="1-101")


def test_row_and_event_are_committed_together(community):
    with context.serving("req_7"):
        outbox.commit(new_unit(community), events=(closed(community),))
    assert Unit.find(community, "u1") is not None
    (row,) = rows_of(community)
    assert (row.name, row.request_id) == ("access.CallClosed", "req_7")
    assert json.loads(row.body)["state"] == "OPENED"


def test_a_lost_race_leaves_neither(community):
    outbox.commit(new_unit(community))
    with pytest.raises(Conflict, match="lost_race"):
        outbox.commit(new_unit(community), new_unit(community, "u2"), events=(closed(community),))
    assert Unit.find(community, "u2") is None
    assert rows_of(community) == []


def test_of_many_writers_of_one_row_one_wins(community):
    outbox.commit(new_unit(community))

    read = [Unit.find(community, "u1") for _ in range(16)]

    def write(row: Unit) -> bool:
        try:
            outbox.commit(row, events=(closed(community),))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(write, read)) == 1
    assert len(rows_of(community)) == 1


def test_the_same_key_gets_the_first_answer(community):
    answer = Answer("u1", datetime(2026, 1, 1, tzinfo=UTC))

    def wanted() -> context.Once:
        return context.Once(community, "per_1", "key-00000001", "digest")

    with context.serving("r", wanted()):
        outbox.commit(new_unit(community), answer=answer)
    with context.serving("r", wanted()), pytest.raises(once.Replayed) as replayed:
        outbox.commit(new_unit(community, "u2"), answer=answer)
    assert replayed.value.record.answer == {"unit_id": "u1", "at": "2026-01-01T00:00:00Z"}
    assert Unit.find(community, "u2") is None


def test_another_callers_key_is_another_key(community):
    answer = Answer("u1", datetime(2026, 1, 1, tzinfo=UTC))
    for subject, unit in (("per_1", "u1"), ("per_2", "u2")):
        with context.serving("r", context.Once(community, subject, "key-00000001", "d")):
            outbox.commit(new_unit(community, unit), answer=answer)
    assert Unit.find(community, "u2") is not None


def test_an_event_waits_for_all_who_owe_it(community):
    outbox.commit(new_unit(community), events=(closed(community),))
    relay.publish(rows_of(community), lambda _name, _body: ("one", "two"))
    (row,) = rows_of(community)
    assert row.owed == {"one", "two"}
    relay.done(row.event_id, "one")
    relay.done(row.event_id, "one")
    assert rows_of(community)[0].owed == {"two"}
    relay.done(row.event_id, "two")
    assert rows_of(community) == []
    relay.done(row.event_id, "two")


def test_an_event_that_nobody_hears_is_taken_away(community):
    outbox.commit(new_unit(community), events=(closed(community),))
    relay.publish(rows_of(community), lambda _name, _body: ())
    assert rows_of(community) == []


@pytest.fixture
def swept():
    """Nothing that other tests left behind: a sweep takes the oldest first, and only so many."""
    with OutboxRow.batch_write() as batch:
        for row in OutboxRow.scan():
            batch.delete(row)


@pytest.mark.usefixtures("swept")
def test_the_sweep_brings_back_what_nobody_finished(community):
    outbox.commit(new_unit(community), events=(closed(community),))
    (row,) = rows_of(community)
    relay.publish([row], lambda _name, _body: ("one",))

    later = clock.now() + timedelta(seconds=outbox.RESEND_AFTER_S + 1)
    with clock.standing_at(later):
        relay.resend(lambda _name, _body: ("one",))
    assert rows_of(community)[0].sendings == 2


@pytest.mark.usefixtures("swept")
def test_a_hopeless_event_is_parked_and_not_sent_for_ever(community):
    outbox.commit(new_unit(community), events=(closed(community),))
    at = clock.now()
    for round_ in range(relay.MOST_SENDINGS + 2):
        later = at + timedelta(hours=round_ + 1)
        with clock.standing_at(later):
            relay.resend(lambda _name, _body: ("one",))
    (row,) = rows_of(community)
    assert row.sendings == relay.MOST_SENDINGS
    assert row.shard is None


def test_a_key_carries_one_commit_with_its_answer(community):
    answer = Answer("u1", datetime(2026, 1, 1, tzinfo=UTC))
    with context.serving("r", context.Once(community, "per_1", "key-00000001", "d")):
        with pytest.raises(AssertionError, match="needs its answer"):
            outbox.commit(new_unit(community))
        outbox.commit(new_unit(community), answer=answer)
        with pytest.raises(AssertionError, match="second commit"):
            outbox.commit(new_unit(community, "u2"), answer=answer)


def test_a_payments_key_is_kept_for_ever(community):
    answer, ends = Answer("u1", datetime(2026, 1, 1, tzinfo=UTC)), []
    for number, for_ever in enumerate((False, True)):
        wanted = context.Once(community, "per_1", f"key-0000000{number}", "d", for_ever=for_ever)
        with context.serving("r", wanted):
            outbox.commit(new_unit(community, f"u{number}"), answer=answer)
        record = once.OnceRecord.find(wanted.record_key)
        assert record is not None
        ends.append(record.expires)
    assert ends[0] > 0
    assert ends[1] is None


def test_one_event_too_large_for_the_bus_harms_no_neighbour(community):
    """EventBridge takes 256 KB a request: a batch is cut by bytes, and all of it is tried."""
    closed_calls = [
        CallClosed(community, "x" * 60_000, "OPENED", datetime(2026, 1, 1, tzinfo=UTC))
        for _ in range(12)
    ]
    outbox.commit(new_unit(community), events=closed_calls)
    relay.publish(rows_of(community), lambda _name, _body: ("one",))
    assert all(row.sendings == 1 for row in rows_of(community))


def test_a_row_whose_time_is_over_is_not_found(community):
    with context.serving("r", context.Once(community, "per_1", "key-00000001", "d")):
        outbox.commit(new_unit(community), answer=Answer("u", datetime(2026, 1, 1, tzinfo=UTC)))
    key = f"{community}#per_1#key-00000001"
    assert once.OnceRecord.find(key) is not None
    with clock.standing_at(clock.now() + timedelta(days=31)):
        assert once.OnceRecord.find(key) is None


class Bus:
    """EventBridge that refuses what a test says, and remembers what it took."""

    def __init__(self, refuse) -> None:
        self.refuse = refuse
        self.taken: list[str] = []

    def put_events(self, Entries):  # noqa: N803 -- boto3's own spelling
        details = [json.loads(entry["Detail"]) for entry in Entries]
        if self.refuse(details):
            raise RuntimeError("refused whole")
        self.taken += [detail["event_id"] for detail in details]
        return {"FailedEntryCount": 0, "Entries": [{} for _ in Entries]}


def with_bus(bus: Bus):
    services = ("dynamodb", "sqs", "s3")
    return aws.using({"events": bus, **{name: aws.client(name) for name in services}})


def test_an_event_that_the_bus_refuses_holds_up_no_neighbour(community):
    calls = ["good", "poison", "good", "good"]
    events = [
        CallClosed(community, call, "OPENED", datetime(2026, 1, 1, tzinfo=UTC)) for call in calls
    ]
    outbox.commit(new_unit(community), events=events)
    bus = Bus(lambda details: any(one["body"]["call_id"] == "poison" for one in details))
    with with_bus(bus), pytest.raises(RuntimeError, match="1 events"):
        relay.publish(rows_of(community), lambda _name, _body: ("one",))
    assert len(set(bus.taken)) == 3


def test_a_stream_that_brings_a_row_again_sends_it_again(community):
    outbox.commit(new_unit(community), events=(closed(community),))
    images, down = rows_of(community), [True]
    bus = Bus(lambda _details: down[0])
    with with_bus(bus):
        with pytest.raises(RuntimeError, match="1 events"):
            relay.publish(images, lambda _name, _body: ("one",))
        down[0] = False
        relay.publish(images, lambda _name, _body: ("one",))
    assert bus.taken == [images[0].event_id]
    (row,) = rows_of(community)
    assert (row.sendings, row.owed) == (1, {"one"})


def test_what_waits_is_not_hidden_behind_what_was_sent_already(community):
    """The sweep reads what is due, not what is oldest: a page of others must not hide it."""
    outbox.commit(new_unit(community), events=[closed(community) for _ in range(90)])
    rows = rows_of(community)
    with clock.standing_at(clock.now() + timedelta(seconds=31)):
        while relay.resend(lambda _name, _body: ("one",)):
            pass
        assert all(row.sendings == 1 for row in rows_of(community))
    assert len(rows) == 90


def test_a_repeated_effect_is_told_from_a_collision(community):
    assert outbox.commit_once(new_unit(community), events=(closed(community),))
    assert not outbox.commit_once(new_unit(community), events=(closed(community),))
    assert len(rows_of(community)) == 1
    other = CallClosed(community, "x", "OPENED", datetime(2026, 1, 1, tzinfo=UTC))
    stale = Unit.find(community, "u1")
    assert stale is not None
    stale.version = 7
    gone = Unit(community_id=community, unit_id="u9", name="9")
    gone.version = 3
    with pytest.raises(Conflict, match="lost_race"):
        outbox.commit_once(gone, events=(other,))


def test_two_rows_cannot_claim_one_table():
    with pytest.raises(TypeError, match="belongs to"):

        class Taken(Row):
            class Meta:
                short = "units"

            key = UnicodeAttribute(hash_key=True)
