"""Conducts: one good device, and the broken ones that a test, a vendor or an attacker may bring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from tools.simulate.fences import ALL_FENCES, NO_FENCES, Fences

DECADE_S = 10 * 365 * 86_400


@dataclass(frozen=True, slots=True)
class Manner:
    """How a device reports. Times are seconds, rates events a second; the default is right.

    `clock_s` is how far its calendar is ahead, `stamp_s` the same of its message headers alone.
    A device that is `away_s` keeps what it has to say for so long, then sends it as replayed.
    """

    clock_s: float = 0.0
    stamp_s: float = 0.0
    source: Literal["own", "other"] = "own"
    sequence: Literal["rising", "stuck"] = "rising"
    key: Literal["own", "guessed"] = "own"
    content_type: str = ""
    body: Literal["good", "half_broken", "huge", "deep", "no_json", "unknown_type"] = "good"
    copies: int = 1
    shuffled: bool = False
    patient: bool = True
    again: bool = True
    alarming: bool = False
    away_s: float = 0.0
    rate: float | None = None


RIGHT = Manner()


@dataclass(frozen=True, slots=True)
class Conduct:
    """How a device behaves: its fences, its dawdling before it judges, what it says and when.

    `calendar_s`: it goes by a calendar that is so many seconds ahead, not by cloud time.
    `early` acknowledges first and acts a little later.
    """

    fences: Fences = ALL_FENCES
    dawdle_s: float = 0.0
    acks: Literal["true", "none", "forged", "unsigned", "other_id", "early", "twice"] = "true"
    greets: Literal["always", "once"] = "always"
    sessions: Literal["new", "same"] = "new"
    times: Literal["signed", "any"] = "signed"
    calendar_s: float | None = None
    manner: Manner = RIGHT


GOOD = Conduct()


def _without(**fences: bool) -> Conduct:
    return Conduct(fences=replace(ALL_FENCES, **fences))


def _reporting(**manner: object) -> Conduct:
    return Conduct(manner=replace(RIGHT, **manner))  # type: ignore[arg-type]  # checked by replace


CONDUCTS: Mapping[str, Conduct] = {
    "good": GOOD,
    "naive": Conduct(fences=NO_FENCES),
    "slow": Conduct(dawdle_s=6.0),
    "silent": Conduct(acks="none"),
    "forged": Conduct(acks="forged"),
    "replayed": Conduct(acks="twice"),
    "persistent": _without(clean_start=False),
    # One fault each, as a vendor's first firmware may have it.
    "no_signature": _without(signature=False),
    "acts_again": _without(seen=False),
    "no_clock": _without(clock=False),
    "calendar": Conduct(calendar_s=-1.5 * 3600),
    "any_time": Conduct(times="any"),
    "any_session": _without(session=False),
    "same_session": Conduct(sessions="same"),
    "greets_once": Conduct(greets="once"),
    "early_ack": Conduct(acks="early"),
    "unsigned_ack": Conduct(acks="unsigned"),
    "other_ack": Conduct(acks="other_id"),
    # Each fence alone, with every other one down.
    "only_clean_start": Conduct(fences=Fences(True, False, False, False, False)),
    "only_signature": Conduct(fences=Fences(False, True, False, False, False)),
    "only_clock": Conduct(fences=Fences(False, False, False, True, False)),
    "only_session": Conduct(fences=Fences(False, False, False, False, True)),
    "only_expiry": Conduct(fences=NO_FENCES),  # the broker's, not the device's
    # How it reports.
    "alarming": _reporting(alarming=True),
    "storm": _reporting(rate=1_000.0, patient=False, again=False),
    "alarm_storm": _reporting(rate=1_000.0, patient=False, again=False, alarming=True),
    "unknown": _reporting(rate=20.0, body="unknown_type"),
    "ahead": _reporting(clock_s=DECADE_S),
    "behind": _reporting(clock_s=-DECADE_S),
    "stale": _reporting(stamp_s=-3600),
    "repeating": _reporting(copies=3),
    "shuffled": _reporting(shuffled=True),
    "buffering": _reporting(away_s=10.0),
    "other_source": _reporting(source="other"),
    "stuck": _reporting(sequence="stuck"),
    "guessed_key": _reporting(key="guessed"),
    "plain_text": _reporting(content_type="text/plain"),
    "half_broken": _reporting(body="half_broken"),
    "huge": _reporting(body="huge"),
    "deep": _reporting(body="deep"),
    "no_json": _reporting(body="no_json"),
    "forgetful": _reporting(again=False),
    "pushy": _reporting(patient=False),
}
