"""One estate in the simulated world: every function of the manifest, two flats, gate and lift."""

import base64
import contextvars
import importlib
import json
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from chalicelib.core import aws, clock, ids, outbox, queue, table
from chalicelib.core.errors import Conflict
from chalicelib.core.retention import Kept, kept_until
from chalicelib.core.table import tenant_key
from chalicelib.devices import public as devices
from chalicelib.devices.events import DeviceEventRecorded
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.service import admission, registry
from chalicelib.identity import public as identity
from chalicelib.identity.rules.people import Tie
from chalicelib.identity.service.organisation import Place
from chalicelib.vision.events import FrameExamined, Sighted
from chalicelib.vision.tables import Detections
from functions import manifest
from functions.wakes import Function, Schedule
from infra.one_machine.topic_rules import acknowledgement
from tests.invariants.cloud import SQS, DynamoDB, EventBridge, IoT, SimulatedQueue
from tests.invariants.dynamodb import Change, Store, made
from tests.invariants.expressions import Item
from tests.invariants.judge import Judge
from tests.invariants.machines import Broker, Machine, Wires
from tests.invariants.world import BEGINNING, Handler, LambdaContext, World
from tools.simulate.signing import DeviceKey

COMMUNITY, UNIT, OTHER_UNIT = "com_heyuan", "unit_301", "unit_302"
ENTRANCE, LIFT = "place_entrance", "place_lift"
RESIDENTS, STRANGER, MANAGER = ("per_wang", "per_li"), "per_zhao", "per_chen"
RELAY_TRIES = 6

Swaps = Mapping[str, Handler]
"""Handlers that stand in for the product's own, by the function's name."""


class Town:
    """Everything of one run; `keys` are the devices' own, by id."""

    def __init__(self, world: World, swaps: Swaps) -> None:
        self.world, self.swaps = world, swaps
        tables = made(table.describe(row) for row in table.tables().values())
        self.store = Store(tables, self._wrote, lambda: world.now_ms)
        self.judge = Judge(world, self.store)
        self.keys: dict[str, DeviceKey] = {}
        self.machines: dict[str, Machine] = {}
        self.broker = Broker(world, self.machines)
        self.dynamodb = DynamoDB(world, self.store)
        self.functions = {f.name: _handler(f) for f in manifest.FUNCTIONS if f.handler != "app.app"}
        self.functions |= {"examine_frame": look_handler(), **swaps}
        self.queues = {
            queue.name: SimulatedQueue(
                queue.name, f.name, queue.batch, self.functions[f.name], world
            )
            for f in manifest.FUNCTIONS
            for queue in f.queues
        }
        self.in_base64 = world.chance.maybe(0.5)
        """AWS IoT passes bytes on in base64, the one machine as they are."""
        self.ticking = True
        """Whether the schedules run; `sweep` runs them by hand."""
        self.streamed: list[Item] = []

    @contextmanager
    def open(self) -> Iterator[None]:
        """Let this town answer for AWS, with its estate enrolled and its schedules running."""
        world = self.world
        services = {
            "dynamodb": self.dynamodb,
            "sqs": SQS(world, self.queues),
            "events": EventBridge(world, self.queues),
            "iot-data": IoT(world, self.broker.down),
        }
        registry._known.clear()
        admission._flows.clear()
        with aws.using(services), clock.using(world.clock), ids.drawing(world.chance.bits):
            world.base = contextvars.copy_context()  # founding announces facts, which are relayed
            quiet, world.chance.on = world.chance.on, False
            with ids.drawing(random.Random(COMMUNITY).getrandbits):  # the run's dice are its own
                self._enrol()
            world.chance.on = quiet
            yield

    def settle_in(self) -> None:
        """Power the devices up and start the schedules."""
        wires = Wires(self.uplink, self.judge.moved)
        for device_id in ("gate", "lift"):
            key = self.keys[device_id]
            self.machines[device_id] = Machine(self.world, key, COMMUNITY, wires)
        for function in manifest.FUNCTIONS:
            for wake in function.wakes:
                if isinstance(wake, Schedule):
                    self.world.every(wake.every_s * 1000, self._scheduled(function.name))

    def _enrol(self) -> None:
        identity.found_community(COMMUNITY, "和苑")
        for unit, people in ((UNIT, RESIDENTS), (OTHER_UNIT, (STRANGER,))):
            identity.add_unit(COMMUNITY, unit, unit, at=Place("1号楼", "", unit, 8000))
            for person in people:
                identity.move_in(COMMUNITY, unit, person, Tie.OWNER)
        for device_id, kind, place in (
            ("panel", Kind.PANEL, ENTRANCE),
            ("gate", Kind.GATE, ENTRANCE),
            ("camera", Kind.LIFT_CAMERA, LIFT),
            ("lift", Kind.LIFT_CONTROLLER, LIFT),
        ):
            enrolled = devices.enrol(
                COMMUNITY,
                kind,
                place_id=place,
                name=device_id,
                node_path=COMMUNITY,
                device_id=device_id,
            )
            secret = base64.b64decode(enrolled.key)
            self.keys[device_id] = DeviceKey(device_id, enrolled.key_id, secret)

    # -- functions -----------------------------------------------------------------------------

    def _scheduled(self, name: str) -> Callable[[], None]:
        return lambda: self.call(name, {}) if self.ticking else None

    def call(self, name: str, event: dict[str, Any]) -> Any:
        """Invoke a function with an event."""
        return self.world.invoke(name, lambda: self.functions[name](event, LambdaContext(name)))

    def sweep(self) -> None:
        """Run every schedule once, now."""
        for function in manifest.FUNCTIONS:
            if any(isinstance(wake, Schedule) for wake in function.wakes):
                self.call(function.name, {})

    def _wrote(self, changes: list[Change]) -> None:
        self.judge.saw(changes)
        for change in changes:
            if change.table == table.table_name("outbox") and change.old is None:
                self.streamed.append(change.new or {})
                self.world.after(self.world.chance.between(5, 60), self._relay)

    def _relay(self, tries: int = RELAY_TRIES, images: list[Item] | None = None) -> None:
        """Hand the stream's new records to the relay; a batch that fails comes again."""
        if images is None:
            images, self.streamed = self.streamed, []
        if not images:
            return
        if tries == RELAY_TRIES and self.world.chance.strikes("duplicate"):
            again = images
            self.world.after(100, lambda: self._relay(tries - 1, again))
        records = [{"eventName": "INSERT", "dynamodb": {"NewImage": image}} for image in images]
        outcome = self.call("relay_outbox", {"Records": records})
        if isinstance(outcome, BaseException) and tries > 1:
            kept = images
            self.world.after(200, lambda: self._relay(tries - 1, kept))

    # -- what devices say ----------------------------------------------------------------------

    def uplink(self, topic: str, payload: str) -> None:
        """Run the topic rules on a device's message, once it has come through."""
        leaf = topic.rpartition("/")[2]
        self.broker.up(
            (lambda: self._acked(topic, payload))
            if leaf == "ack"
            else (lambda: self._greeted(topic, payload))
        )

    def _greeted(self, topic: str, payload: str) -> None:
        at_ms, passed = self.world.epoch_ms(), self._passed_on(payload)
        self.call("device_hello", {"topic": topic, "payload": passed, "received_at": at_ms})

    def _passed_on(self, payload: str) -> str:
        return base64.b64encode(payload.encode()).decode() if self.in_base64 else payload

    def _acked(self, topic: str, payload: str) -> None:
        rule = next(rule for rule in manifest.TOPIC_RULES if rule.table)
        received_at = self.world.epoch_ms()
        item = acknowledgement(rule, topic, payload, received_at)
        if item is None:
            return
        item["payload"] = {"S": self._passed_on(payload)}
        self.store.apply("PutItem", {"TableName": table.table_name(rule.table), "Item": item})
        _, _, community, device, _ = topic.split("/")
        told = {
            "community_id": community,
            "device_id": device,
            "payload": self._passed_on(payload),
            "received_at": received_at,
        }
        self.queues[rule.queue].send(json.dumps(told))


def _handler(function: Function) -> Handler:
    module, _, name = function.handler.rpartition(".")
    found: Handler = getattr(importlib.import_module(module), name)
    return found


def look_handler() -> Handler:
    """Return the inference function with a model that believes what the event says it sees."""
    return queue.handler("examine_frame", {DeviceEventRecorded: look})


def look(event: DeviceEventRecorded) -> None:
    """Record and announce a frame as `vision.examine` does."""
    score = float(event.data["seen"])
    objects = (Sighted("two_wheeler", score, (0.0, 0.0, 1.0, 1.0)),) if score else ()
    row = Detections(
        camera_key=tenant_key(event.community_id, event.device_id),
        event_id=event.event_id,
        community_id=event.community_id,
        camera_id=event.device_id,
        place_id=event.place_id,
        boot=event.boot,
        sequence=event.sequence,
        occurred_at=clock.epoch_ms(event.occurred_at),
        live=event.live,
        objects=[asdict(one) for one in objects],
        expires=kept_until(Kept.STILL, BEGINNING),
    )
    examined = FrameExamined(
        community_id=event.community_id,
        camera_id=event.device_id,
        place_id=event.place_id,
        event_id=event.event_id,
        boot=event.boot,
        sequence=event.sequence,
        occurred_at=event.occurred_at,
        received_at=event.received_at,
        live=event.live,
        objects=objects,
    )
    try:
        outbox.commit(row, events=(examined,))
    except Conflict:
        if Detections.find(row.camera_key, row.event_id) is None:
            raise
