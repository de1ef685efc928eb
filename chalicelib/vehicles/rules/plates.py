"""Pure rules of number plates (GA 36-2018): the one spelling, the forms, what cameras confuse."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LONGEST: Final = 32
"""Characters of what somebody typed or a camera read: beyond, it is no plate."""


class Form(StrEnum):
    """What kind of plate it is, as far as its characters tell."""

    ORDINARY = "ordinary"
    NEW_ENERGY_SMALL = "new_energy_small"
    NEW_ENERGY_LARGE = "new_energy_large"
    HONG_KONG_MACAO = "hong_kong_macao"
    POLICE = "police"
    LEARNER = "learner"
    TRAILER = "trailer"
    CONSULAR = "consular"
    EMBASSY = "embassy"
    RESCUE = "rescue"
    MILITARY = "military"
    ARMED_POLICE = "armed_police"


ON_DUTY: Final = frozenset({Form.POLICE, Form.RESCUE, Form.ARMED_POLICE, Form.MILITARY})
"""Plates that no barrier holds up: police 警, fire and rescue 应急, armed police WJ, military.

An ambulance has an ordinary plate: the estate lists those that it knows.
"""

_PLACE = "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
_LETTER, _SERIAL = "[A-HJ-NP-Z]", "[A-HJ-NP-Z0-9]"

FORMS: Final[Mapping[Form, re.Pattern[str]]] = {
    form: re.compile(pattern)
    for form, pattern in (
        (Form.HONG_KONG_MACAO, f"粤Z{_SERIAL}{{4}}[港澳]"),
        (Form.POLICE, f"{_PLACE}{_LETTER}{_SERIAL}{{4}}警"),
        (Form.LEARNER, f"{_PLACE}{_LETTER}{_SERIAL}{{4}}学"),
        (Form.TRAILER, f"{_PLACE}{_LETTER}{_SERIAL}{{4}}挂"),
        (Form.CONSULAR, f"{_PLACE}{_LETTER}{_SERIAL}{{4}}领"),
        (Form.EMBASSY, "使[0-9]{6}|[0-9]{6}使"),
        (Form.RESCUE, f"{_PLACE}[XS]{_SERIAL}{{4}}应急"),
        (Form.NEW_ENERGY_SMALL, f"{_PLACE}{_LETTER}[A-HJK]{_SERIAL}[0-9]{{4}}"),
        (Form.NEW_ENERGY_LARGE, f"{_PLACE}{_LETTER}[0-9]{{5}}[A-HJK]"),
        (Form.ORDINARY, f"{_PLACE}{_LETTER}(?=[A-Z]*[0-9]){_SERIAL}{{5}}"),
        (Form.ARMED_POLICE, f"WJ{_PLACE}?[0-9]{{4}}[0-9A-Z]"),
        (Form.MILITARY, "[BCEGHJKLNSVZ][A-DJ-PR-TVY][0-9]{5}"),
    )
}
"""New energy: D and its like (A-E pure, F-K hybrid) stand third on small cars, last on large."""

CONFUSED: Final = (
    "0ODQ", "1IL", "2Z", "4A", "5S", "6GC", "7T", "8B", "UV", "MN", "EF", "KX"
)  # fmt: skip
"""Characters that cameras take for each other; each is of one group, the first stands for all."""

_ONE_FOR_ALL = str.maketrans({char: group[0] for group in CONFUSED for char in group})
_SIGNS = re.compile(r"[\s.·•・‧∙⋅•\-_—–:,，。()（）]")


@dataclass(frozen=True)
class Plate:
    """A plate in its one spelling: capitals without spaces or dots."""

    text: str
    form: Form

    @property
    def is_on_duty(self) -> bool:
        """Return whether no barrier holds it up."""
        return self.form in ON_DUTY


def normalise(said: str) -> Plate | None:
    """Return the plate that was typed or read, or None if that is no plate.

    Full-width forms, lower case, spaces and dots are spelling; what a camera confuses is
    not: `粤BO1234` is no plate (no O is issued) and is never taken for `粤B01234`.
    """
    text = spelt(said)
    for form, pattern in FORMS.items():
        if pattern.fullmatch(text):
            return Plate(text, form)
    return None


def spelt(said: str) -> str:
    """Return a reading in capitals without signs; empty if it is too long to be a plate."""
    if len(said) > LONGEST:
        return ""
    return _SIGNS.sub("", unicodedata.normalize("NFKC", said)).upper()


def skeleton(text: str) -> str:
    """Return what all readings share that differ only by what cameras confuse."""
    return spelt(text).translate(_ONE_FOR_ALL)


def near(one: str, other: str) -> bool:
    """Return whether a camera may have read the one plate for the other.

    For a person to confirm, never to act on: they are two plates.
    """
    a, b = spelt(one), spelt(other)
    return a != b and bool(a) and skeleton(a) == skeleton(b)


def masked(text: str) -> str:
    """Return a plate with its middle hidden: 粤B12345 becomes 粤B***45."""
    shown = 2
    hidden = max(0, len(text) - 2 * shown)
    return f"{text[:shown]}{'*' * hidden}{text[len(text) - shown :]}" if hidden else "*" * len(text)
