"""I19 for frames: what a camera's watch came to does not depend on the order of arrival."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.alerts.rules import frames
from chalicelib.alerts.rules.frames import E_BIKE_IN_LIFT, Frame, Watched
from tests.invariants.expressions import Item

LATER = timedelta(seconds=10)
"""Long enough that no frame is waited for any more."""


def folded(arrived: list[Frame]) -> tuple[Watched, int, int]:
    """Return the watch after frames arrived in this order; how often it opened and cleared."""
    watched, opened, cleared = Watched(), 0, 0
    for frame in arrived:
        watched, _ = frames.heard(watched, frame, E_BIKE_IN_LIFT)
        watched, turns = frames.turns(watched, E_BIKE_IN_LIFT, frame.heard_at)
        opened += sum(turn.opened for turn in turns)
        cleared += sum(not turn.opened for turn in turns)
    if arrived:
        watched, turns = frames.turns(watched, E_BIKE_IN_LIFT, arrived[-1].heard_at + LATER)
        opened += sum(turn.opened for turn in turns)
        cleared += sum(not turn.opened for turn in turns)
    return watched, opened, cleared


def patient(arrived: list[Frame]) -> bool:
    """Return whether no frame came later than others are waited for."""
    return all(
        late.heard_at - early.heard_at < E_BIKE_IN_LIFT.patience
        for number, early in enumerate(arrived)
        for late in arrived[number:]
        if late.position < early.position
    )


def misjudged(watch: Item, frames_recorded: int) -> str | None:
    """Return how a watch differs from what its frames say in their own order, or None.

    A watch that forgot frames, or waits for one that was lost, is its own business
    (`patience`): it is judged again when the next frame comes.
    """
    kept = [_frame(said) for said in json.loads(watch["frames"]["S"])]
    in_order = sorted(kept, key=lambda frame: frame.position)
    whole = len(kept) == frames_recorded == in_order[-1].sequence - in_order[0].sequence + 1
    if not whole or not patient(sorted(kept, key=lambda frame: frame.heard_at)):
        return None
    holding = bool(watch["holding"]["BOOL"])
    ideal = folded(in_order)[0].holding
    return None if holding == ideal else f"holding is {holding}, its frames say {ideal}"


def _frame(said: list[Any]) -> Frame:
    boot, sequence, event_id, score, *times = said
    moments = [datetime.fromtimestamp(at / 1000, UTC) for at in times]
    return Frame(boot, sequence, event_id, score, *moments)
