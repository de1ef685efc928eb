"""Pure rules of vision: which pictures and packs are trusted, and what counts as seen."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from chalicelib.vision.events import Reason, Sighted

MOST_BYTES = 10 * 1024 * 1024
WAIT_FOR_PICTURE = timedelta(minutes=10)
"""How long a picture may come after the event that names it; then it never came."""

SCHEMA = 1
SCORE_TOLERANCE = 0.05
"""How far a golden score may move with another JPEG decoder or CPU."""
HASH_CHARACTERS = 64

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Lens:
    """How a model wants its picture: (x - mean) / std per channel, on 0-255."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    name: str
    w: int
    h: int
    layout: str
    color: str
    resize: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


@dataclass(frozen=True)
class Expected:
    """What a model must see on a golden picture."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    name: str
    score: float
    box: Box
    iou: float


@dataclass(frozen=True)
class Golden:
    """A picture in the pack whose answer is known; none expected means nothing may be seen."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    image: str
    image_sha256: str
    expect: tuple[Expected, ...]


@dataclass(frozen=True)
class Manifest:
    """What a model pack says of itself (VISION.md, pack manifest)."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    schema: int
    id: str
    version: str
    task: str
    file: str
    sha256: str
    bytes: int
    input: Lens
    detector: str
    decoder: str
    classes: tuple[str, ...]
    map: Mapping[str, str]
    min_score: float
    threshold: Mapping[str, float]
    golden: tuple[Golden, ...]
    licence: str
    source: str
    intended: tuple[str, ...]
    not_for_production: bool
    held_out: Mapping[str, Any]
    opset: int | None = None
    """The operator set of an ONNX model; other engines' models have none."""


@dataclass(frozen=True)
class Picture:
    """Where a reported picture lies and what its bytes must hash to (hex SHA-256)."""

    key: str
    sha256: str


# Pictures ----------------------------------------------------------------------------------


_FILE = re.compile(r"[A-Za-z0-9_-]{1,100}(\.[a-z]{1,5})?")
"""What a picture may be called below its camera's folder."""


def named(event: Mapping[str, Any], community_id: str, camera_id: str) -> Picture | Reason:
    """Return the picture that an event's data names, if it is this camera's own.

    A camera that names another's object would read across tenants (SECURITY.md 1).
    """
    said = event.get("picture")
    if not isinstance(said, Mapping):
        return Reason.NOT_NAMED
    key, digest = said.get("key"), said.get("sha256")
    if not isinstance(key, str) or not isinstance(digest, str) or len(digest) != HASH_CHARACTERS:
        return Reason.NOT_NAMED
    own = f"{community_id}/stills/{camera_id}/"
    if not key.startswith(own) or not _FILE.fullmatch(key.removeprefix(own)):
        return Reason.FOREIGN_KEY
    return Picture(key, digest.lower())


def mistrust(picture: Picture, content: bytes) -> Reason | None:
    """Return why these bytes are not the picture that was reported."""
    if len(content) > MOST_BYTES:
        return Reason.TOO_LARGE
    if hashlib.sha256(content).hexdigest() != picture.sha256:
        return Reason.OTHER_BYTES
    return None


def given_up(received_at: datetime, at: datetime) -> bool:
    """Return whether a picture that is not there is no longer waited for."""
    return at - received_at > WAIT_FOR_PICTURE


# Packs -------------------------------------------------------------------------------------


def model_refusal(manifest: Manifest, model: bytes) -> str | None:
    """Return why a model is not the one its manifest describes, whatever engine runs it."""
    lens = manifest.input
    checks = (
        ("unknown_schema", manifest.schema == SCHEMA),
        ("model_size_differs", len(model) == manifest.bytes),
        ("model_sha256_differs", hashlib.sha256(model).hexdigest() == manifest.sha256),
        ("unknown_layout", lens.layout == "NCHW" and lens.resize == "stretch"),
        ("unknown_color", lens.color in ("RGB", "BGR")),
        ("no_golden_picture", bool(manifest.golden)),
        ("class_not_mapped", set(manifest.map) <= set(manifest.classes)),
    )
    return next((reason for reason, holds in checks if not holds), None)


def shape_refusal(manifest: Manifest, name: str, shape: Sequence[Any]) -> str | None:
    """Return why a loaded model does not take the input that its manifest describes."""
    wanted = (1, 3, manifest.input.h, manifest.input.w)
    holds = name == manifest.input.name and tuple(shape) == wanted
    return None if holds else "input_shape_differs"


def golden_refusal(manifest: Manifest, golden: Golden, seen: Sequence[Sighted]) -> str | None:
    """Return why what was seen on a golden picture is not what the pack promised.

    A pack that loads is not a pack that works: one public model saw nothing on any photo.
    """
    if any(not _found(expected, seen) for expected in golden.expect):
        return "golden_not_reproduced"
    if not golden.expect and any(one.score >= manifest.min_score for one in seen):
        return "golden_sees_ghosts"
    return None


def _found(expected: Expected, seen: Sequence[Sighted]) -> bool:
    return any(
        one.kind == expected.name
        and abs(one.score - expected.score) <= SCORE_TOLERANCE
        and overlap(one.box, expected.box) >= expected.iou
        for one in seen
    )


def overlap(one: Box, other: Box) -> float:
    """Return the intersection of two boxes over their union, 0-1."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    tall = min(one[3], other[3]) - max(one[1], other[1])
    both = max(0.0, wide) * max(0.0, tall)
    union = _area(one) + _area(other) - both
    return both / union if union > 0 else 0.0


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


# What counts as seen -----------------------------------------------------------------------


def counted(manifest: Manifest, seen: Sequence[Sighted]) -> tuple[Sighted, ...]:
    """Return the sightings that count, in our words, the surest first."""
    return tuple(
        sorted(
            (
                Sighted(manifest.map[one.kind], one.score, one.box)
                for one in seen
                if one.kind in manifest.map and one.score >= manifest.min_score
            ),
            key=lambda one: (-one.score, one.kind),
        )
    )
