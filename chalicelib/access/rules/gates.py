"""Pure rules of being there: a photo of a gate's code must not open it from home (DEVICES.md).

Two proofs. A *code* that the gate shows on its screen or says by radio changes every 30 s and
is made with the gate's key: who has it stood there within a minute and a half. A *location* is
what the phone asserts of itself, which a rooted one can make up: the weaker of the two, and
each estate or gate says which it takes.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

STEP_S: Final = 30
"""How long a gate shows one code."""

STEPS_AROUND: Final = 1
"""How many steps before or after ours are taken: clocks differ, and typing takes time."""

RADIUS_M: Final = 100
LEAST_RADIUS_M, MOST_RADIUS_M = 10, 2_000
VAGUEST_M: Final = 100
"""A location that is less exact than this, or than the gate's radius, proves nothing."""

EARTH_M: Final = 6_371_000

_CODE: Final = re.compile(
    r"LG1\.(?P<device>[A-Za-z0-9_-]{1,64})\.(?P<step>[0-9]{1,12})\.(?P<tag>[0-9a-f]{16})"
)


class Proof(StrEnum):
    """How somebody shows that they stand at a gate."""

    CODE = "code"
    LOCATION = "location"


EITHER: Final = frozenset(Proof)


@dataclass(frozen=True)
class Located:
    """Where a phone says that it is: degrees (GCJ-02, as `wx.getLocation` says), metres."""

    latitude: float
    longitude: float
    accuracy_m: float


@dataclass(frozen=True)
class Near:
    """What a phone shows of being there: a code, a location, or both."""

    code: str = ""
    location: Located | None = None


@dataclass(frozen=True)
class Setting:
    """Where a gate stands (degrees, GCJ-02), how far around it counts, which proofs suffice."""

    latitude: float | None = None
    longitude: float | None = None
    radius_m: int = RADIUS_M
    suffices: frozenset[Proof] = EITHER


@dataclass(frozen=True)
class Code:
    """A code that was read off a gate: whose, of which 30 s, and its tag."""

    device_id: str
    step: int
    tag: str

    @property
    def content(self) -> str:
        """Return what the tag is made over."""
        return f"LG1.{self.device_id}.{self.step}"


def code_in(text: str) -> Code | None:
    """Return the code that a text is, or None."""
    found = _CODE.fullmatch(text)
    return Code(found["device"], int(found["step"]), found["tag"]) if found else None


def step_at(at: datetime) -> int:
    """Return the number of the 30 s that an instant lies in, since 1970."""
    return int(at.timestamp()) // STEP_S


def code_refusal(code: Code | None, device_id: str, at: datetime) -> str | None:
    """Return why a code does not count for a gate now, or None; its tag is checked elsewhere.

    `bad_code`: of another gate, or no code; `code_stale`: shown too long ago.
    """
    if code is None or code.device_id != device_id:
        return "bad_code"
    return "code_stale" if abs(code.step - step_at(at)) > STEPS_AROUND else None


def location_refusal(said: Located, setting: Setting) -> str | None:
    """Return why a location does not count as being at a gate, or None.

    `gate_not_placed`: nobody has said where the gate is; `location_vague`; `not_near`.
    """
    if setting.latitude is None or setting.longitude is None:
        return "gate_not_placed"
    if not 0 <= said.accuracy_m <= max(VAGUEST_M, setting.radius_m):
        return "location_vague"
    away = metres_between(said.latitude, said.longitude, setting.latitude, setting.longitude)
    return "not_near" if away > setting.radius_m else None


def metres_between(lat_1: float, lon_1: float, lat_2: float, lon_2: float) -> float:
    """Return the distance of two points on the sphere, in metres (haversine)."""
    phi_1, phi_2 = math.radians(lat_1), math.radians(lat_2)
    half_lat, half_lon = (phi_2 - phi_1) / 2, math.radians(lon_2 - lon_1) / 2
    part = math.sin(half_lat) ** 2 + math.cos(phi_1) * math.cos(phi_2) * math.sin(half_lon) ** 2
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(part)))


REFUSALS: Final[Mapping[str, str]] = {
    "near_required": "请靠近门口，扫描屏幕上的动态码或允许定位",
    "near_not_taken": "该门不接受这种到场证明，请改用动态码或定位",
    "bad_code": "动态码无效，请重新扫描门口屏幕",
    "code_stale": "动态码已过期，请重新扫描门口屏幕",
    "gate_not_placed": "该门尚未设置位置，请扫描门口屏幕上的动态码",
    "location_vague": "定位不够准确，请到开阔处重试或扫描动态码",
    "not_near": "您不在门口附近",
}
"""What a phone is told of each refusal."""
