"""A check: its name, the clause it stands on, what is expected, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import requests

from tools.conformance.bench import Bench
from tools.conformance.moves import Counted
from tools.conformance.seen import reports


class Verdict(StrEnum):
    """What came of a check."""

    PASS = "PASS"  # noqa: S105 -- no password
    FAIL = "FAIL"
    NOT_TRIED = "NOT TRIED"


class FailedError(Exception):
    """The device did not do as it should; says what was seen."""


class NotTriedError(Exception):
    """The check could not be made; says why."""


@dataclass(frozen=True, slots=True)
class Check:
    """One question. `run` returns what was seen, or raises FailedError or NotTriedError."""

    name: str
    expected: str
    clause: str
    run: Callable[[Bench], str]
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer to one question."""

    check: Check
    verdict: Verdict
    seen: str


def check(
    *, expected: str, clause: str, needs: str = ""
) -> Callable[[Callable[[Bench], str]], Check]:
    """Make a function a check under its own name; `needs` names what it cannot do without."""

    def made(run: Callable[[Bench], str]) -> Check:
        return Check(run.__name__, expected, clause, run, tuple(needs.split()))

    return made


def tried(one: Check, bench: Bench) -> Finding:
    """Make one check."""
    for need in one.needs:
        if lacking := NEEDS[need](bench):
            return Finding(one, Verdict.NOT_TRIED, lacking)
    try:
        return Finding(one, Verdict.PASS, one.run(bench))
    except FailedError as failure:
        bench.failed.add(one.name)
        return Finding(one, Verdict.FAIL, str(failure))
    except NotTriedError as reason:
        return Finding(one, Verdict.NOT_TRIED, str(reason))
    except (requests.RequestException, OSError) as failure:
        return Finding(one, Verdict.NOT_TRIED, f"the deployment or the bench failed: {failure}")


def _broker(bench: Bench) -> str:
    if bench.broker is None:
        return "the device is examined over HTTP alone"
    return "" if bench.line() else "the device is not connected to the broker"


def _ready(bench: Bench) -> str:
    if bench.broker is None:
        return "the device is examined over HTTP alone"
    return "" if bench.await_ready() else "the device has not announced itself"


NEEDS: Mapping[str, Callable[[Bench], str]] = {
    "broker": _broker,
    "ready": _ready,
    "op": lambda bench: "" if bench.repertoire else "this kind takes no command of its own",
    "staff": lambda bench: "" if bench.staff else "no staff sign-in was given (--token)",
    "counter": lambda bench: (
        "" if isinstance(bench.moves, Counted) else "needs a counter on the bench (--moves)"
    ),
    "events": lambda bench: "" if reports(bench.watch) else "the device reported nothing",
}
"""What a check may need → what is said where it is lacking."""
