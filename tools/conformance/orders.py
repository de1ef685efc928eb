"""What the tool tells devices of each kind to do, and how a movement of theirs is told apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.devices.rules.catalogue import OPS
from tools.conformance.seen import Json

RESTART = "device.restart"

SAMPLES: Mapping[str, Json] = {
    "lift.hold": {"max_s": 1},
    "lift.call": {"floor": 1},
    "charger.start": {"connector": 1, "session_id": "conformance", "max_minutes": 1},
    "charger.stop": {"connector": 1, "session_id": "conformance"},
    "vending.dispense": {"slot": 1, "order_id": "conformance"},
    "speaker.say": {"text": "一致性测试", "volume": 10},
    "screen.show": {"text": "一致性测试", "seconds": 1},
    "lamp.set": {"level": 50},
    "access.sync": {"version": 1},
    "credential.enrol": {"credential_id": "conformance", "kind": "face"},
    "credential.withdraw": {"credential_id": "conformance"},
}
"""Arguments that every device can carry out; commands that are not here take none."""

_BY_COMMAND = {"by": "command"}
_BY_US = {"method": "remote"}

TOLD_BY: Mapping[str, tuple[str, Json]] = {
    "gate.open": ("access.passed", _BY_US),
    "door.open": ("access.passed", _BY_US),
    "lock.open": ("access.passed", _BY_US),
    "barrier.open": ("barrier.moved", _BY_COMMAND),
    "valve.open": ("valve.moved", _BY_COMMAND),
    "bin.open": ("bin.opened", {}),
    "speaker.say": ("speaker.said", {}),
    "screen.show": ("screen.shown", {}),
    "vending.dispense": ("vending.dispensed", {}),
    "charger.start": ("charger.started", {}),
    "lift.call": ("lift.moved", {}),
    "access.sync": ("access.list_applied", {}),
    "credential.enrol": ("credential.enrolled", {"credential_id": "conformance"}),
    "credential.withdraw": ("credential.withdrawn", {"credential_id": "conformance"}),
}
"""By which event, with which words, a device tells that it has carried out a command."""


@dataclass(frozen=True, slots=True)
class Repertoire:
    """What a kind of device understands; `first` is the command that tricks are played with."""

    kind: str
    first: str
    others: tuple[str, ...]

    @property
    def args(self) -> Json:
        """Arguments of the first command."""
        return SAMPLES.get(self.first, {})

    def moved(self, event: Json) -> bool:
        """Return whether an event tells that the first command was carried out."""
        wanted, words = TOLD_BY.get(self.first, ("", {}))
        said = event.get("data")
        known = said if isinstance(said, dict) else {}
        return event.get("type") == wanted and words.items() <= known.items()


def repertoire(kind: str) -> Repertoire | None:
    """Return what a kind understands beside being restarted; None for one that only reports."""
    known = [op.name for op in OPS.values() if kind in op.kinds and op.name != RESTART]
    if not known:
        return None
    # A command that can be given again and again without the one that undoes it.
    first = next((op for op in known if op in PREFERRED), known[0])
    return Repertoire(kind, first, tuple(op for op in known if op != first))


PREFERRED = ("speaker.say", "lift.hold")
