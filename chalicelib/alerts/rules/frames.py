"""What a camera's frames say: a fold over their own order, whatever order they arrive in.

Frames are ordered by the camera's (`boot`, `sequence`). A small hole in that numbering is
a frame still on its way until `patience` has passed; a larger one, or an older one, is no
frame at all. So a verdict waits for the frames that may change it, but not for ever.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

Position = tuple[int, int]
"""Where a frame stands in its camera's own order: boot, then sequence."""

BEFORE_ALL: Position = (-1, -1)
KEPT = 24
"""Frames that a watch keeps: many times what a verdict looks back on."""


@dataclass(frozen=True)
class Policy:
    """When an incident of one kind opens and clears (VISION.md, alert logic).

    A sighting counts from `min_score`. It opens when `need` of the last `of` frames
    within `within` have one and the median of their scores (0 for none) reaches
    `threshold`; it clears after `quiet` frames in a row without one. A camera silent for
    `silence` ends an incident that it cannot clear.
    """

    kind: str
    min_score: float = 0.5
    threshold: float = 0.6
    need: int = 2
    of: int = 3
    within: timedelta = timedelta(seconds=3)
    quiet: int = 2
    patience: timedelta = timedelta(seconds=1)
    longest_hole: int = 5
    silence: timedelta = timedelta(seconds=60)


E_BIKE_IN_LIFT = Policy("two_wheeler")


@dataclass(frozen=True)
class Frame:
    """One examined frame: the best score of the watched kind, 0 if it was not seen.

    `occurred_at` is the camera's label, good for short differences only; `received_at`
    and `heard_at` are ours.
    """

    boot: int
    sequence: int
    event_id: str
    score: float
    occurred_at: datetime
    received_at: datetime
    heard_at: datetime

    @property
    def position(self) -> Position:
        """Return the frame's place in its camera's own order."""
        return self.boot, self.sequence


@dataclass(frozen=True)
class Verdict:
    """The first incident that the frames tell of: by which frames it opened and cleared.

    `score` is the median that opened it.
    """

    opened: Frame | None = None
    cleared: Frame | None = None
    score: float = 0.0


def verdict(
    frames: Iterable[Frame],
    policy: Policy,
    *,
    after: Position = BEFORE_ALL,
    holding: bool = False,
    at: datetime | None = None,
) -> Verdict:
    """Judge the frames behind `after`, in their own order; repeated ones count once.

    `holding` says that an incident is open at `after`, which these frames may clear.
    Without `at`, no frame is still on its way: the verdict is final.
    """
    window: deque[Frame | None] = deque(maxlen=policy.of)
    found, quiet = Verdict(), 0
    for slot in _slots(frames, policy, after, at):
        if not holding and found.opened is None:
            window.append(slot)
            score = _evidence(window, policy)
            if slot is not None and score >= policy.threshold:
                found = Verdict(opened=slot, score=score)
            continue
        quiet = quiet + 1 if slot is not None and slot.score < policy.min_score else 0
        if quiet == policy.quiet:
            return replace(found, cleared=slot)
    return found


def _slots(
    frames: Iterable[Frame], policy: Policy, after: Position, at: datetime | None
) -> Iterator[Frame | None]:
    """Yield the frames in order, and None for each one that may still come."""
    known: dict[Position, Frame] = {}
    for frame in sorted(frames, key=lambda frame: (frame.position, frame.event_id)):
        known.setdefault(frame.position, frame)
    before = after
    for position, frame in known.items():
        if position > after:
            hole = position[1] - before[1] - 1 if position[0] == before[0] else 0
            fresh = at is not None and at - frame.heard_at < policy.patience
            if fresh and hole <= policy.longest_hole:
                yield from [None] * hole
            yield frame
        before = max(before, position)


def _evidence(window: Sequence[Frame | None], policy: Policy) -> float:
    """Return the median score of the last frames if enough of them count, else 0."""
    newest = window[-1]
    if newest is None:
        return 0.0
    scores = [
        frame.score
        for frame in window
        if frame is not None
        and frame.score >= policy.min_score
        and abs(newest.occurred_at - frame.occurred_at) <= policy.within
    ]
    if len(scores) < policy.need:
        return 0.0
    padded = sorted(scores + [0.0] * (policy.of - len(scores)))
    return padded[policy.of // 2]


# A watch: what is kept between frames -------------------------------------------------------

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Watched:
    """What is known of one camera and kind.

    Nothing at or before `mark` is judged again: it is where the open incident opened
    (`holding`), or where the last one cleared. What was received before `since` is
    history.
    """

    frames: tuple[Frame, ...] = ()
    mark: Position = BEFORE_ALL
    holding: bool = False
    since: datetime = LONG_AGO


@dataclass(frozen=True)
class Turn:
    """An incident opened at this frame with this score, or the open one cleared there."""

    frame: Frame
    opened: bool
    score: float = 0.0


def heard(watched: Watched, frame: Frame, policy: Policy) -> tuple[Watched, bool]:
    """Add a frame; return the watch, and whether a silence before it ended an incident.

    A frame that is repeated, already judged, or history leaves the watch as it was. After
    a silence the camera may have begun its numbering anew, so what was known is forgotten;
    our own time keeps the older frames out.
    """
    if _after_silence(watched, frame, policy):
        return Watched((frame,), since=frame.received_at - policy.silence), watched.holding
    repeated = any(frame.position == one.position for one in watched.frames)
    if repeated or frame.position <= watched.mark or frame.received_at < watched.since:
        return watched, False
    frames = sorted((*watched.frames, frame), key=lambda one: one.position)
    return replace(watched, frames=tuple(frames[-KEPT:])), False


def _after_silence(watched: Watched, frame: Frame, policy: Policy) -> bool:
    newest = max((one.received_at for one in watched.frames), default=frame.received_at)
    return frame.received_at - newest > policy.silence


def turns(watched: Watched, policy: Policy, at: datetime) -> tuple[Watched, tuple[Turn, ...]]:
    """Judge a watch; return it as it then stands, and what happened, in order."""
    made: list[Turn] = []
    while True:
        found = verdict(watched.frames, policy, after=watched.mark, holding=watched.holding, at=at)
        if found.opened is not None:
            made.append(Turn(found.opened, opened=True, score=found.score))
            watched = replace(watched, mark=found.opened.position, holding=True)
        if found.cleared is not None:
            made.append(Turn(found.cleared, opened=False))
            watched = replace(watched, mark=found.cleared.position, holding=False)
        if found.cleared is None:
            return watched, tuple(made)
