"""FLOWS 12 under chance: one order per device and fault, whatever comes in whatever order."""

import json
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chalicelib.core import clock, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Unprocessable
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.rules.health import HealthState
from chalicelib.devices.rules.registry import Standing
from chalicelib.devices.rules.uplink import Reported
from chalicelib.devices.service import health, repairs, state
from chalicelib.devices.tables.faults import DeviceFault
from chalicelib.devices.tables.health import DeviceHealth
from chalicelib.devices.tables.registry import Device
from tests.invariants.dynamodb import refused
from tests.invariants.store import in_memory

BEGAN = datetime(2026, 3, 31, 15, tzinfo=UTC)
TENANT = "com_heyuan"
KINDS = {"gw-1": Kind.GATEWAY, "door-1": Kind.DOOR, "lamp-1": Kind.LAMP_POLE, "door-2": Kind.DOOR}
BEHIND = {"door-1": "gw-1", "lamp-1": "gw-1"}
MANAGER = Caller("per_wang", TENANT, "property", ("property_manager",), 2**40, "")

some_device = st.sampled_from(sorted(KINDS))
some_code = st.sampled_from(["motor", "lamp"])


class Estate(RuleBasedStateMachine):
    """A gateway with two children and one device that speaks for itself, over a store in memory."""

    @initialize()
    def found(self) -> None:
        self.now, self.sequence = BEGAN, 0
        self.stack = ExitStack()
        self.stack.enter_context(clock.using(lambda: self.now))
        self.memory = self.stack.enter_context(in_memory())
        self.said: list[tuple[str, Reported, datetime]] = []
        self.facts: list[tuple[str, dict[str, Any]]] = []
        for name, kind in KINDS.items():
            Device(
                device_id=name,
                community_id=TENANT,
                kind=kind.value,
                place_id="east",
                name=name,
                keys={},
                gateway_id=BEHIND.get(name),
                vendor="Linli",
            ).save()
            self.hear(name, "device.heartbeat")

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.recover()
            self.stack.close()

    # -- what happens --------------------------------------------------------------------------

    def hear(self, name: str, type_: str, *, late_s: int = 0, **data: Any) -> None:
        self.sequence += 1
        occurred_at = self.now - timedelta(seconds=late_s)
        event = Reported(f"e_{self.sequence}", type_, occurred_at, 1, self.sequence, data)
        self.said.append((name, event, self.now))
        self.deliver(name, event, self.now)

    def deliver(self, name: str, event: Reported, received_at: datetime) -> None:
        device = Device.find(name)
        assert device is not None
        state.observe(device, event, received_at)
        health.heard(device, event, received_at)

    @rule(name=some_device)
    def beats(self, name: str) -> None:
        self.hear(name, "device.heartbeat")

    @rule(minutes=st.sampled_from([1, 2, 4, 9, 30, 300, 2_000]))
    def nothing_is_heard(self, minutes: int) -> None:
        for _ in range(min(minutes, 6)):
            self.now += timedelta(minutes=minutes) / min(minutes, 6)
            health.watch_devices()

    @rule(minutes=st.integers(1, 12))
    def all_is_well(self, minutes: int) -> None:
        self.live(minutes)

    def live(self, minutes: int) -> None:
        for _ in range(minutes):
            self.now += timedelta(minutes=1)
            for name in KINDS:
                self.hear(name, "device.heartbeat")
            health.watch_devices()

    @rule(minutes=st.integers(1, 8))
    def a_site_is_cut_off(self, minutes: int) -> None:
        """Only what speaks for itself is heard."""
        for _ in range(minutes):
            self.now += timedelta(minutes=1)
            self.hear("door-2", "device.heartbeat")
            health.watch_devices()

    @rule(name=some_device, code=some_code, late=st.booleans())
    def complains(self, name: str, code: str, *, late: bool) -> None:
        self.hear(name, "device.fault", late_s=3_600 if late else 0, code=code)

    @rule(name=some_device, code=some_code)
    def is_restored(self, name: str, code: str) -> None:
        self.hear(name, "device.restored", code=code)

    @rule(skew=st.sampled_from([-7_200, 0, 7_200]))
    def tells_the_time(self, skew: int) -> None:
        self.hear("door-2", "device.heartbeat", late_s=skew)

    @rule()
    def loses_power(self) -> None:
        self.hear("gw-1", "gateway.power_lost")

    @rule(chance=st.randoms(use_true_random=False))
    def deliveries_are_repeated(self, chance: Any) -> None:
        for name, event, received_at in chance.sample(self.said, min(4, len(self.said))):
            self.deliver(name, event, received_at)

    @rule(name=some_device, online=st.booleans(), ago=st.integers(0, 90))
    def the_broker_speaks(self, name: str, *, online: bool, ago: int) -> None:
        health.last_will(TENANT, name, online, self.now - timedelta(seconds=ago))

    @rule(name=some_device)
    def two_look_at_once(self, name: str) -> None:
        """Another reader of the same device writes between this one's read and its write."""
        raced: list[str] = []

        def overtake(operation: str, _asked: Any) -> None:
            if operation == "TransactWriteItems" and not raced:
                raced.append(operation)
                health._look(f"{TENANT}#{name}")

        self.memory.before = overtake
        self.hear(name, "device.fault", code="motor")
        self.memory.before = lambda _operation, _asked: None

    @rule(name=some_device)
    def a_write_fails(self, name: str) -> None:
        """The row of one device is refused; the others are looked at all the same."""

        def strike(operation: str, asked: Any) -> None:
            if operation != "BatchGetItem" and f"#{name}" in json.dumps(asked):
                raise refused("ThrottlingException", "slow down", operation)

        self.memory.before = strike
        self.now += timedelta(minutes=1)
        health.watch_devices()
        self.memory.before = lambda _operation, _asked: None

    # -- what people do ------------------------------------------------------------------------

    @precondition(lambda self: self.open_orders())
    @rule(what=st.sampled_from([repairs.begin_repair, repairs.end_repair, repairs.dismiss]))
    def somebody_works(self, what: Any) -> None:
        for row in self.open_orders():
            with suppress(Unprocessable):  # the order is not where this may be done
                what(MANAGER, row.device_id, row.fault_id, "看过了")

    @rule(name=some_device, minutes=st.sampled_from([None, 5, 60]))
    def it_is_maintained(self, name: str, minutes: int | None) -> None:
        until = self.now + timedelta(minutes=minutes) if minutes else None
        repairs.maintain(MANAGER, name, until, "检修")

    @rule(name=some_device)
    def it_is_swapped(self, name: str) -> None:
        device = Device.find(name)
        assert device is not None
        device.hardware, device.swapped_at = int(device.hardware) + 1, clock.epoch_ms(self.now)
        device.save()

    # -- what holds ----------------------------------------------------------------------------

    def open_orders(self) -> list[DeviceFault]:
        if not hasattr(self, "memory"):
            return []
        rows = [DeviceFault.from_raw_data(item) for item in self.memory.rows("device_faults")]
        return [row for row in rows if row.outcome is None]

    def healths(self) -> list[DeviceHealth]:
        return [DeviceHealth.from_raw_data(item) for item in self.memory.rows("device_health")]

    def announced(self) -> list[tuple[str, dict[str, Any]]]:
        rows = [outbox.OutboxRow.from_raw_data(item) for item in self.memory.rows("outbox")]
        return [
            (row.name.partition(".")[2], json.loads(row.body))
            for row in sorted(rows, key=lambda row: (row.at, row.event_id))
            if "Fault" in row.name
        ]

    @invariant()
    def one_order_per_device_and_fault(self) -> None:
        orders = self.open_orders()
        assert len({(row.device_id, row.fault) for row in orders}) == len(orders)
        known = (
            {
                course.order
                for row in self.healths()
                for course in row.facts().courses.values()
                if course.order
            }
            if orders
            else set()
        )
        assert {row.fault_id for row in orders} == known

    @invariant()
    def each_order_is_opened_once_and_cleared_once(self) -> None:
        if not hasattr(self, "memory"):
            return
        opened = [body["fault_id"] for name, body in self.announced() if name.endswith("Opened")]
        cleared = [body["fault_id"] for name, body in self.announced() if name.endswith("Cleared")]
        assert len(set(opened)) == len(opened)
        assert len(set(cleared)) == len(cleared)
        assert set(opened) - set(cleared) == {row.fault_id for row in self.open_orders()}

    @invariant()
    def nobody_is_forgotten(self) -> None:
        if not hasattr(self, "memory"):
            return
        for row in self.healths():
            assert row.shard is not None
            assert row.due_at <= clock.epoch_ms(self.now + timedelta(minutes=61))
            assert row.state == row.facts().state.value

    @invariant()
    def children_are_not_blamed_for_their_gateway(self) -> None:
        if not hasattr(self, "memory"):
            return
        rows = {row.device_id: row for row in self.healths()}
        for child, gateway in BEHIND.items():
            silent = rows[child].facts().course("offline")
            if silent.under == gateway:
                assert silent.state is HealthState.OFFLINE

    def recover(self) -> None:
        """When all is heard again and every repair is done, nothing is left open."""
        for name in KINDS:
            repairs.maintain(MANAGER, name, None, "结束")
            for code in ("motor", "lamp", "power_lost"):
                self.hear(name, "device.restored", code=code)
        for _ in range(160):
            self.live(1)
            for row in self.open_orders():
                if row.state == HealthState.REPAIRING:
                    repairs.end_repair(MANAGER, row.device_id, row.fault_id, "修好了")
            if {row.state for row in self.healths()} == {HealthState.ONLINE}:
                break
        assert [(row.device_id, row.fault, row.state) for row in self.open_orders()] == []
        assert {row.state for row in self.healths()} == {HealthState.ONLINE}
        standings = [Device.find(name) for name in KINDS]
        assert {device.standing for device in standings if device} == {Standing.IN_SERVICE}


TestEstate = Estate.TestCase
TestEstate.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
