"""Cars at two lanes, walked at random: counts, stays and visits always tell one story."""

from collections import Counter
from contextlib import ExitStack
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chalicelib.core import clock, ids, outbox, sealing
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Refusal
from chalicelib.core.table import Row, tenant_key
from chalicelib.devices import public as devices
from chalicelib.devices.events import DeviceEventRecorded
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.tables.commands import Command
from chalicelib.identity.events import ResidencyEnded
from chalicelib.vehicles import public as vehicles
from chalicelib.vehicles.rules.passing import GUESTS, CarKind
from chalicelib.vehicles.rules.visits import VisitState
from chalicelib.vehicles.service import arrivals, judging, parks, plates, stays, visits, waiting
from chalicelib.vehicles.service.arrivals import Admission
from chalicelib.vehicles.tables.parks import ParkCount
from chalicelib.vehicles.tables.stays import StayRow
from chalicelib.vehicles.tables.visits import VisitRow
from tests.invariants.town import COMMUNITY, RESIDENTS, UNIT, Town
from tests.invariants.world import World

RESIDENT, GUEST, SECOND, STRANGER, MISREAD = (
    "粤B01234",
    "粤B22222",
    "粤B33333",
    "京A8888C",
    "粤BD1234",
)
SPACES = 1
PLATES = st.sampled_from([RESIDENT, GUEST, SECOND, STRANGER, MISREAD, "京A1234警", "unread"])
LANES = st.sampled_from(["in", "out"])
HOST = RESIDENTS[0]


class Cars(RuleBasedStateMachine):
    """One car park with one guest space; a resident, two announced visitors, and others."""

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.world = World(1)
        self.world.chance.on = False
        self.town = Town(self.world, {})
        self.open.enter_context(self.town.open())
        self.open.enter_context(clock.using(self.world.clock))
        self.open.enter_context(ids.drawing(self.world.chance.bits))
        self.events: list[DeviceEventRecorded] = []
        self.live = self.admitted = self.beyond = 0
        for lane in ("in", "out"):
            for kind in (Kind.PLATE_CAMERA, Kind.BARRIER):
                name = f"{kind}-{lane}"
                place = f"lane-{lane}"
                devices.enrol(COMMUNITY, kind, place_id=place, name=name, device_id=name)
        outbox.commit(sealing.new_key(COMMUNITY, HOST))
        lanes = {"lane-in": "in", "lane-out": "out"}
        self.park = parks.add(staff(), parks.Park("库", 5, SPACES, lanes)).park_id
        own = plates.register(host(), UNIT, RESIDENT, "")
        judging.decide(staff(), own.plate_id, approve=True)
        ends = clock.now() + timedelta(hours=4)
        self.visits = [
            visits.register(host(), visits.Visit(UNIT, plate, clock.now(), ends, 2)).visit_id
            for plate in (GUEST, SECOND)
        ]

    def teardown(self) -> None:
        """Close the town."""
        self.open.close()

    @rule(plate=PLATES, lane=LANES)
    def see(self, plate: str, lane: str) -> None:
        """A camera sees a car, now."""
        self.live += 1
        self._hear(self._event(plate, lane, clock.now(), live=True))

    @rule(plate=st.sampled_from([GUEST, SECOND]))
    def call_in(self, plate: str) -> None:
        """A visitor comes and goes."""
        for lane in ("in", "out"):
            self.see(plate, lane)
            self.world.pass_time(61_000)

    @rule(plate=PLATES, lane=LANES, hours=st.integers(0, 3))
    def hear_of(self, plate: str, lane: str, hours: int) -> None:
        """A camera tells of a car that it saw while it was offline."""
        self._hear(self._event(plate, lane, clock.now() - timedelta(hours=hours), live=False))

    @precondition(lambda self: self.events)
    @rule(number=st.integers(0, 99))
    def repeat(self, number: int) -> None:
        """An event comes again: nothing at all changes."""
        before = self._told()
        vehicles.hear_vehicle(self.events[number % len(self.events)])
        assert self._told() == before

    @rule(beyond=st.booleans(), candidate=st.booleans())
    def admit(self, *, beyond: bool, candidate: bool) -> None:
        """The guard lets the longest waiting car through, as whom it may be or as a stranger."""
        cars = waiting.waiting(staff(), limit=50, after=None).items
        if not cars:
            return
        seen = waiting.show(staff(), cars[-1].arrival_id)
        who = seen.candidates[0].candidate_id if candidate and seen.candidates else ""
        wish = Admission(who, reason="送货", beyond_capacity=beyond)
        try:
            arrivals.admit(staff(), seen.arrival.arrival_id, wish)
        except Refusal as refusal:
            assert refusal.code in {"car_park_full", "no_such_candidate", "arrival_over"}  # noqa: PT017 -- which of them depends on the walk
        else:
            self.admitted += 1
            self.beyond += beyond

    @rule()
    def close(self) -> None:
        """Staff end the latest stay."""
        for stay in stays.inside(staff(), self.park, limit=1, after=None).items:
            stays.close(staff(), stay.stay_id)

    @rule(number=st.integers(0, 1))
    def cancel(self, number: int) -> None:
        """The host takes a visit back, if it has not begun."""
        try:
            visits.cancel(host(), self.visits[number])
        except Refusal as refusal:
            assert refusal.code == "visit_ended"  # noqa: PT017 -- as above

    @rule()
    def move_out(self) -> None:
        """The host leaves the flat."""
        vehicles.end_with_home(ResidencyEnded(COMMUNITY, UNIT, HOST, clock.now()))

    @rule(seconds=st.sampled_from([1, 5, 20, 61, 1_900, 8_000]))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.world.pass_time(seconds * 1_000)

    @rule()
    def sweep(self) -> None:
        """Run the schedules; the count was right before and stays so."""
        vehicles.lapse_visits()
        vehicles.end_lost()
        before = ParkCount.of(COMMUNITY, self.park).inside()
        vehicles.recount()
        assert ParkCount.of(COMMUNITY, self.park).inside() == before

    @invariant()
    def the_count_is_what_is_inside(self) -> None:
        """The numbers on the screen are the open stays, and no plate is inside twice."""
        found = [row for row in every_stay() if row.state == "ENTERED"]
        counted = dict.fromkeys(map(str, CarKind), 0) | Counter(row.kind for row in found)
        row = ParkCount.of(COMMUNITY, self.park)
        assert row.inside() == counted
        assert int(row.guests or 0) == sum(counted[kind.value] for kind in GUESTS)
        known = [row.plate_index for row in found if row.plate_index]
        assert len(known) == len(set(known))

    @invariant()
    def a_visit_is_where_its_car_is(self) -> None:
        """A visit is ENTERED while its car is inside, and enters no more than it may.

        One that expired before anybody heard of its car stays expired.
        """
        inside = {row.entry_id for row in every_stay() if row.state == "ENTERED"}
        for visit_id in self.visits:
            visit = visit_of(visit_id)
            assert visit is not None
            is_in = visit.state in (VisitState.ENTERED, VisitState.OVERSTAYED)
            expired = visit.state == VisitState.EXPIRED
            assert is_in == (visit_id in inside) or expired, visit.state
            assert visit.entered <= visit.entries_allowed

    @invariant()
    def each_car_and_each_word_opens_once_at_most(self) -> None:
        """No barrier is told more often than cars were seen and guards said so (I8)."""
        told = len(every_command())
        assert told <= self.live + self.admitted
        assert self.town.judge.violations == []

    def _hear(self, event: DeviceEventRecorded) -> None:
        """Let an event be heard; a visitor never takes a space that is not free by itself."""
        self.events.append(event)
        before = int(ParkCount.of(COMMUNITY, self.park).guests or 0)
        vehicles.hear_vehicle(event)
        after = int(ParkCount.of(COMMUNITY, self.park).guests or 0)
        assert after <= max(before, SPACES) or not event.live

    def _told(self) -> list[str]:
        kept: list[Row] = [*every_stay(), *every_command(), ParkCount.of(COMMUNITY, self.park)]
        kept += [row for row in map(visit_of, self.visits) if row is not None]
        return sorted(repr(row.serialize()) for row in kept)

    def _event(self, plate: str, lane: str, at: datetime, *, live: bool) -> DeviceEventRecorded:
        return DeviceEventRecorded(
            community_id=COMMUNITY,
            device_id=f"plate_camera-{lane}",
            kind="plate_camera",
            place_id=f"lane-{lane}",
            event_id=f"e-{len(self.events)}",
            type="vehicle.passed",
            data={"plate": plate, "direction": lane},
            boot=1,
            sequence=len(self.events),
            occurred_at=at,
            received_at=clock.now(),
            live=live,
        )


def every_stay() -> list[StayRow]:
    """Return all stays."""
    return list(StayRow.by_time.query(COMMUNITY))


def every_command() -> list[Command]:
    """Return all that the barriers were told."""
    keys = [tenant_key(COMMUNITY, f"barrier-{lane}") for lane in ("in", "out")]
    return [row for key in keys for row in Command.query(key) if row.op == "barrier.open"]


def visit_of(visit_id: str) -> VisitRow | None:
    """Return a visit's row."""
    return VisitRow.of(COMMUNITY, visit_id)


def host() -> Caller:
    """Return the resident who registers plates."""
    return Caller(HOST, COMMUNITY, "resident", ("resident",), 2**40)


def staff() -> Caller:
    """Return somebody who may do all of it."""
    return Caller("mgr", COMMUNITY, "property", ("property_manager",), 2**40)


TestCars = Cars.TestCase
TestCars.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
