"""Doors in this process that hold lists, and the reactions that talk with them, under their rights.

The doors decide by `tools.simulate.held_list`: a vendor's own reading of the protocol.
"""

import base64
import dataclasses
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from chalicelib.access.service import lists_fetched
from chalicelib.core import clock, outbox
from chalicelib.core.typed import adapter
from chalicelib.devices import public as devices
from chalicelib.devices.drivers import loopback
from chalicelib.devices.events import DeviceEventRecorded
from chalicelib.devices.tables.registry import Device
from functions import manifest
from infra.one_machine import rights
from tests.functions.conftest import LINES, delivered, woken
from tools.simulate.held_list import HeldList, Verdict
from tools.simulate.signing import DeviceKey

MINE = (
    "push_lists",
    "enrol_credentials",
    "recall_credentials",
    "withdraw_credentials",
    "hear_receipts",
)
"""The reactions that these tests are about; what others do with the same facts is theirs."""


class Cabin:
    """A door: hears what it is told while `online`, fetches, takes faces, owes its receipts."""

    def __init__(self, community: str, made: devices.Enrolment) -> None:
        self.community, self.id = community, made.device_id
        self.held = HeldList(DeviceKey(made.device_id, made.key_id, base64.b64decode(made.key)))
        self.bodies: dict[str, str] = {}
        self.told: list[str] = []
        self.online, self.mute = True, False

    def hear(self, topic: str, payload: bytes) -> None:
        if not self.online or topic.split("/")[3:] != [self.id, "cmd"]:
            return
        command = json.loads(json.loads(payload)["p"])
        self.told.append(command["op"])
        args = command["args"]
        if command["op"] == "access.sync":
            self.fetch()
        elif command["op"] == "credential.enrol":
            self.bodies[args["credential_id"]] = args["kind"]
            self.say("credential.enrolled", credential_id=args["credential_id"])
        elif command["op"] == "credential.withdraw":
            self.bodies.pop(args["credential_id"], None)
            self.say("credential.withdrawn", credential_id=args["credential_id"])

    def answer(self, since: int, cursor: str | None = None) -> str:
        with rights.running(LINES["device_api"]):
            device = Device.find(self.id)
        assert device is not None
        speaker = devices.Speaker(
            self.id,
            self.community,
            device.kind,
            device.place_id,
            device.node_path or "",
            device.name,
        )
        with rights.running(LINES["device_api"]):
            fetched = lists_fetched.fetch(speaker, since, self.held.scope, cursor)
        return json.dumps(dataclasses.asdict(fetched))

    def fetch(self) -> None:
        cursor = self.held.take(self.answer(self.held.version))
        while cursor is not None:
            cursor = self.held.take(self.answer(self.held.version, cursor), first=False)
        self.say("access.list_applied", version=self.held.version)

    def said(self, type_: str, **data) -> DeviceEventRecorded:
        at = clock.now()
        return DeviceEventRecorded(
            community_id=self.community,
            device_id=self.id,
            kind="gate",
            place_id="here",
            event_id=f"e_{uuid.uuid4().hex}",
            type=type_,
            data=data,
            boot=1,
            sequence=1,
            occurred_at=at,
            received_at=at,
            live=True,
        )

    def say(self, type_: str, **data) -> None:
        if not self.mute:
            reply = woken("hear_receipts", delivered(self.said(type_, **data)))
            assert reply == {"batchItemFailures": []}

    def card(self, number: str, *, later_s: float = 0) -> Verdict:
        return self.held.card(number, clock.epoch_ms(clock.now()) + int(later_s * 1000))

    def body(self, credential_id: str) -> Verdict:
        if credential_id not in self.bodies:
            return Verdict(allow=False, reason="not_recognised")
        return self.held.body(credential_id, clock.epoch_ms(clock.now()))


@contextmanager
def listening(*cabins: Cabin) -> Iterator[None]:
    """Let doors hear what they are told within the block."""

    def hear(topic: str, payload: bytes) -> None:
        for cabin in cabins:
            cabin.hear(topic, payload)

    with loopback.subscribed(hear):
        yield


def events(community: str) -> list[outbox.OutboxRow]:
    """Return what an estate has to tell, the oldest first."""
    rows = [row for row in outbox.OutboxRow.scan() if row.community_id == community]
    return sorted(rows, key=lambda row: row.event_id)


def settle(community: str) -> list[str]:
    """Let the reactions do what follows, until nothing more does; return the facts, in order."""
    named = []
    while rows := events(community):
        for row in rows:
            fact = fact_of(row)
            named.append(row.name)
            for name in manifest.owed(row.name, json.loads(row.body)):
                if name in MINE:
                    assert woken(name, delivered(fact, fact)) == {"batchItemFailures": []}, name
            row.delete()
    return named


def fact_of(row: outbox.OutboxRow):
    """Return the fact that an outbox row tells."""
    heard = {
        one.name: one.event
        for function in manifest.FUNCTIONS
        for queue in function.queues
        for one in queue.hears
    }
    if row.name not in heard:
        return dataclasses.make_dataclass("Unheard", [])()
    return adapter(heard[row.name]).validate_json(row.body)
