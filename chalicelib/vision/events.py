"""What vision announces."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Reason(StrEnum):
    """Why a picture was refused; stable words, each final: the same bytes fail again."""

    NOT_NAMED = "picture_not_named"
    FOREIGN_KEY = "picture_of_another_device"
    NEVER_CAME = "picture_never_came"
    TOO_LARGE = "picture_too_large"
    OTHER_BYTES = "picture_bytes_differ"
    UNREADABLE = "picture_unreadable"
    TOO_MANY_PIXELS = "picture_too_many_pixels"
    BAD_SHAPE = "picture_bad_shape"


@dataclass(frozen=True)
class Sighted:
    """One thing seen: its kind, a score of 0–1, and a box in fractions of the picture.

    The box is (left, top, right, bottom); a classifier's is the whole picture.
    """

    kind: str
    score: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class FrameExamined:
    """A model looked at one frame of a camera; `objects` may be empty.

    `live` is false for a frame that came too late to act on; `received_at` is ours,
    `occurred_at` is the camera's label.
    """

    community_id: str
    camera_id: str
    place_id: str
    event_id: str
    boot: int
    sequence: int
    occurred_at: datetime
    received_at: datetime
    live: bool
    objects: tuple[Sighted, ...]


@dataclass(frozen=True)
class FrameRefused:
    """A frame could not be examined and never will be."""

    community_id: str
    camera_id: str
    place_id: str
    event_id: str
    reason: Reason
