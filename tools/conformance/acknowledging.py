"""Checks of how a device acknowledges: judged over everything that it has acknowledged."""

from __future__ import annotations

import json
from collections.abc import Callable

from tools.conformance.bench import Bench, words
from tools.conformance.check import FailedError, NotTriedError, check
from tools.conformance.commanding import RESULTS
from tools.conformance.seen import Said, Told, inside

CLAUSE = '`{"id", "p": "{id, result, reason?}", "s", "kid"}`; DONE, REJECTED or FAILED'


def _each(bench: Bench, fault: Callable[[Said], str]) -> str:
    """Raise for the first acknowledgement with a fault."""
    given = bench.said("ack")
    if not given:
        raise NotTriedError("it acknowledged nothing")
    for one in given:
        if said := fault(one):
            raise FailedError(said)
    return f"{len(given)} acknowledgements"


@check(expected="every acknowledgement is signed with its key", clause=CLAUSE, needs="broker")
def ack_signed(bench: Bench) -> str:
    """Verify each as the deployment does."""

    def fault(one: Said) -> str:
        if bench.signed(one.message.payload) is not None:
            return ""
        said = f"of {inside(one.message.payload).get('id')}"
        if '"s"' not in one.message.payload.decode(errors="replace"):
            return f"the acknowledgement {said} is not signed"
        return f"the acknowledgement {said} is signed with another key, or changed after it"

    return _each(bench, fault)


@check(
    expected="every acknowledgement names, twice alike, a command that the device was given",
    clause=CLAUSE,
    needs="broker",
)
def ack_names_command(bench: Bench) -> str:
    """Compare the ids outside and inside with those of the commands that it received."""
    told = [one for one in bench.watch.since(0, Told) if one.message.topic == bench.topic("cmd")]
    given = {inside(one.message.payload).get("id") for one in told}

    def fault(one: Said) -> str:
        named = inside(one.message.payload).get("id")
        if named not in given:
            return f"it acknowledged {words(named)}, which nobody gave it"
        outside = json.loads(one.message.payload).get("id")
        return "" if outside == named else f"outside it says {words(outside)}, inside {named}"

    return _each(bench, fault)


@check(expected="every result is one of the three", clause=CLAUSE, needs="broker")
def ack_result(bench: Bench) -> str:
    """Look at each result."""

    def fault(one: Said) -> str:
        said = inside(one.message.payload).get("result")
        return "" if said in RESULTS else f"it says {words(said)}"

    return _each(bench, fault)


@check(
    expected="acknowledgements are of QoS 1 and not retained",
    clause="| `ack` | up, QoS 1 |",
    needs="broker",
)
def ack_delivery(bench: Bench) -> str:
    """Look at how each was published."""

    def fault(one: Said) -> str:
        if one.message.qos != 1:
            return f"it was published with QoS {one.message.qos}"
        return "it was published as retained" if one.message.retained else ""

    return _each(bench, fault)
