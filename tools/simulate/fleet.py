"""A fleet by declaration: kinds × number × conduct × rate, taken from the estate or enrolled."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Protocol

from chalicelib.devices.rules.catalogue import OPS, Kind
from tools.simulate import vendors
from tools.simulate.conducts import CONDUCTS, GOOD, Conduct
from tools.simulate.enrolling import attach, enrol, retire
from tools.simulate.estate import Device, Estate
from tools.simulate.gate import Gate
from tools.simulate.http_device import HttpDevice
from tools.simulate.life import Life
from tools.simulate.lift_controller import LiftController
from tools.simulate.machine import Machine
from tools.simulate.mqtt_device import Broker
from tools.simulate.person import Person
from tools.simulate.posting import Posted
from tools.simulate.reporter import Reporter
from tools.simulate.vendors import CHILDREN, KINDS, MESSAGES, SETTINGS, Vendor

MAKERS: dict[str, type[Machine]] = {"gate": Gate, "lift_controller": LiftController}
RATE = 0.2
AT_ONCE = 16
_WISH = re.compile(r"([a-z_0-9]+)(?:\*(\d+))?(?::([a-z_]+))?(?:@([\d.]+))?(\+mqtt)?")

COMMANDED = frozenset(
    kind for op in OPS.values() if op.name != "device.restart" for kind in op.kinds
)
"""Kinds that understand more than being restarted, and so are on the broker."""


class WishError(ValueError):
    """A part of a fleet that cannot be read, or cannot be."""


@dataclass(frozen=True, slots=True)
class Wish:
    """So many devices of a kind, or of a vendor's adapter, in a conduct; events a second each."""

    kind: str
    number: int = 1
    conduct: str = "good"
    rate: float = RATE
    adapter: str = ""
    by_mqtt: bool = False

    @classmethod
    def read(cls, text: str) -> Wish:
        """Read `KIND[*NUMBER][:CONDUCT][@RATE][+mqtt]`; an adapter's name stands for its kind."""
        found = _WISH.fullmatch(text)
        if found is None:
            raise WishError(f"not KIND*NUMBER:CONDUCT@RATE: {text}")
        name, number, conduct, rate, mqtt = found.groups()
        adapter = name if name in MESSAGES else ""
        kind = KINDS.get(name, name)
        if kind not in set(Kind):
            raise WishError(f"no such kind: {name}; {', '.join(sorted([*Kind, *MESSAGES]))}")
        if (conduct or "good") not in CONDUCTS:
            raise WishError(f"no such conduct: {conduct}; there are {', '.join(CONDUCTS)}")
        every = float(rate) if rate else RATE
        return cls(kind, int(number or 1), conduct or "good", every, adapter, bool(mqtt))


class Member(Protocol):
    """A device of the fleet that can be started and stopped."""

    def start(self) -> object:
        """Begin."""

    def stop(self) -> None:
        """End."""


@dataclass(slots=True)
class Running:
    """One device of the fleet and what became of what it said."""

    device: Device
    wish: Wish
    member: Member
    reporter: Reporter

    @property
    def counts(self) -> Counter[str]:
        """Answers by their words."""
        return self.reporter.counts


def broker_of(estate: Estate) -> Broker:
    """Return where the estate's devices connect."""
    return Broker(estate.mqtt_host, estate.mqtt_port)


def plug_in(estate: Estate, device: Device, conduct: Conduct = GOOD) -> Machine:
    """Make the simulated device of this entry; it reports nothing by itself."""
    return MAKERS.get(device.kind, Machine)(device, broker_of(estate), conduct)


@dataclass(slots=True)
class Fleet:
    """Devices of an estate; what it has too few of is enrolled by its property staff."""

    estate: Estate
    running: list[Running] = field(default_factory=list)
    _taken: set[str] = field(default_factory=set)
    _enrolled_ids: list[str] = field(default_factory=list)

    def add(self, wish: Wish) -> list[Running]:
        """Find or enrol the devices of a wish; they are not started. Raises requests' errors."""
        added = [self._running(device, wish) for device in self._devices(wish)]
        self.running += added
        return added

    def start(self) -> None:
        """Start all of them, many at once."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda one: one.member.start(), self.running))

    def stop(self) -> None:
        """Stop all of them."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda one: one.member.stop(), self.running))

    def retire(self) -> None:
        """Retire what was enrolled for this fleet."""
        for device_id in self._enrolled_ids:
            retire(self._staff, device_id)
        self._enrolled_ids.clear()

    @property
    def _staff(self) -> Person:
        return Person(self.estate.base_url, self.estate.tokens["property"])

    def report(self) -> Iterator[str]:
        """Yield a line for each kind and conduct: how many there were, how they were answered."""
        groups: dict[str, list[Running]] = {}
        for one in self.running:
            groups.setdefault(f"{one.wish.adapter or one.wish.kind}:{one.wish.conduct}", []).append(
                one
            )
        for name, members in groups.items():
            total = sum((one.counts for one in members), Counter[str]())
            answered = ", ".join(f"{number} {word}" for word, number in total.most_common())
            yield f"{len(members):5} {name}: {answered or 'nothing said'}"

    def _devices(self, wish: Wish) -> Iterable[Device]:
        fitting = [
            device
            for device in self.estate.devices
            if device.kind == wish.kind
            and device.adapter == wish.adapter
            and device.community_id == self.estate.community_id
            and device.id not in self._taken
            and not device.gateway_id
        ][: wish.number]
        enrolled = [self._enrolled(wish) for _ in range(wish.number - len(fitting))]
        self._taken |= {device.id for device in (*fitting, *enrolled)}
        return (*fitting, *enrolled)

    def _enrolled(self, wish: Wish) -> Device:
        staff = self._staff
        place = f"simulated-{wish.kind}"
        serial = f"SIM-{vendors.BEGAN}-{len(self._taken)}-{len(self.running)}"
        of = self.estate.community_id
        device = enrol(staff, of, wish.kind, place, serial=serial, new_place=True)
        self._taken.add(device.id)
        self._enrolled_ids.append(device.id)
        if not wish.adapter:
            return device
        settings = SETTINGS.get(wish.adapter, {})
        path = attach(staff, device, wish.adapter, settings)
        if wish.adapter in CHILDREN:
            child = enrol(
                staff,
                self.estate.community_id,
                CHILDREN[wish.adapter],
                place,
                serial=f"{serial}-1",
                gateway_id=device.id,
            )
            self._enrolled_ids.insert(0, child.id)
        return replace(
            device, adapter=wish.adapter, adapter_path=path, adapter_settings=dict(settings)
        )

    def _running(self, device: Device, wish: Wish) -> Running:
        conduct = CONDUCTS[wish.conduct]
        if wish.adapter:
            way = Vendor(
                device, self.estate.base_url, conduct.manner, children=self._children(device)
            )
            life = Life("gateway")
            reporter = Reporter(device.id, way, life, manner=conduct.manner, rate=wish.rate)
            return Running(device, wish, reporter, reporter)
        if device.kind in COMMANDED or wish.by_mqtt:
            machine = plug_in(self.estate, device, conduct)
            machine.report_by("" if wish.by_mqtt else self.estate.base_url, rate=wish.rate)
            assert machine.reporter is not None
            return Running(device, wish, machine, machine.reporter)
        reporter = talker(device, self.estate.base_url, conduct, rate=wish.rate)
        return Running(device, wish, reporter, reporter)

    def _children(self, gateway: Device) -> Sequence[Device]:
        known = [one for one in self.estate.devices if one.gateway_id == gateway.id]
        return known or [replace(gateway, serial=f"{gateway.serial}-1")]


def talker(
    device: Device, base_url: str, conduct: Conduct = GOOD, *, rate: float = RATE
) -> Reporter:
    """Return a device that takes no commands: it reports over HTTP, and that is all."""
    way = Posted(HttpDevice(device, base_url), conduct.manner)
    return Reporter(device.id, way, Life(device.kind), manner=conduct.manner, rate=rate)
