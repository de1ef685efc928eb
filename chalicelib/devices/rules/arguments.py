"""Pure rules of what each command may say: its arguments, their kinds and their bounds."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

_ID = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Argument:
    """One argument: a whole number, a line of text, or an id, with its least and most.

    Bounds of a number are its values, those of text and id their length in characters.
    """

    kind: Literal["whole", "text", "id"]
    least: int
    most: int
    required: bool = True

    def takes(self, value: object) -> bool:
        """Return whether a value is of this kind and within its bounds."""
        if self.kind == "whole":
            is_whole = isinstance(value, int) and not isinstance(value, bool)
            return is_whole and self.least <= value <= self.most  # type: ignore[operator]  # it is an int
        if not isinstance(value, str) or not self.least <= len(value) <= self.most:
            return False
        return value.isprintable() if self.kind == "text" else bool(_ID.fullmatch(value))


def _whole(least: int, most: int, *, required: bool = True) -> Argument:
    return Argument("whole", least, most, required)


_REFERENCE, _SHORT_TEXT = Argument("id", 1, 64), Argument("text", 1, 200)
_CONNECTOR = _whole(1, 99)

ARGUMENTS: Mapping[str, Mapping[str, Argument]] = {
    "lift.hold": {"max_s": _whole(1, 120)},
    "lift.call": {"floor": _whole(-9, 199), "to_floor": _whole(-9, 199, required=False)},
    "bin.open": {"door": _whole(1, 16, required=False)},
    "charger.start": {
        "connector": _CONNECTOR,
        "session_id": _REFERENCE,
        "max_minutes": _whole(1, 1_440),
    },
    "charger.stop": {"connector": _CONNECTOR, "session_id": _REFERENCE},
    "vending.dispense": {"slot": _whole(1, 999), "order_id": _REFERENCE},
    "speaker.say": {"text": _SHORT_TEXT, "volume": _whole(0, 100, required=False)},
    "screen.show": {"text": _SHORT_TEXT, "seconds": _whole(1, 86_400)},
    "lamp.set": {"level": _whole(0, 100)},
    "access.sync": {"version": _whole(1, 2**53)},
    "credential.enrol": {"credential_id": _REFERENCE, "kind": Argument("id", 4, 11)},
    "credential.withdraw": {"credential_id": _REFERENCE},
}
"""Arguments by command; one that is not here takes none. A lift lets go by itself after 120 s."""


def faults(op: str, args: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what is wrong with a command's arguments, by name: nothing, for good ones."""
    known = ARGUMENTS.get(op, {})
    strange = [_fault(name, "extra_forbidden") for name in sorted(args.keys() - known.keys())]
    missing = [
        _fault(name, "missing")
        for name, argument in known.items()
        if argument.required and name not in args
    ]
    wrong = [
        _fault(name, f"must_be_{argument.kind}_{argument.least}_to_{argument.most}")
        for name, argument in known.items()
        if name in args and not argument.takes(args[name])
    ]
    return strange + missing + wrong


def _fault(name: str, kind: str) -> dict[str, Any]:
    return {"loc": ["args", name[:64]], "type": kind}
