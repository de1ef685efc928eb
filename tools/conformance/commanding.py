"""Checks of what a device does about commands: good ones, and those that it must not believe."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import replace

from tools.conformance.bench import HOUR_MS, Bench, Reaction, words
from tools.conformance.check import FailedError, NotTriedError, check
from tools.conformance.orders import RESTART, SAMPLES
from tools.conformance.seen import Json, inside
from tools.simulate.signing import DeviceKey, envelope

RESULTS = ("DONE", "REJECTED", "FAILED")
ONLY_IF = "Act on a command only if all hold: the signature is good, the id is new"
NEVER_TWICE = "A command is never sent twice; never act twice."
BELIEVE = "believe no time that is not signed, not of your session"


@check(
    expected="a command that staff order is carried out and DONE at the deployment",
    clause="DONE, REJECTED or FAILED",
    needs="ready op",
)
def carries_out(bench: Bench) -> str:
    """Order it as staff do; without a sign-in, sign it ourselves."""
    if bench.staff is None:
        return _must_do(bench.give(bench.command()))
    began, mark = time.monotonic(), bench.watch.mark()
    told = bench.order()
    if told["state"] == "DONE":
        return f"DONE after {1_000 * (time.monotonic() - began):.0f} ms"
    heard = [words(inside(one.message.payload)) for one in bench.said("ack", mark)]
    answered = f"it answered {heard[-1]}" if heard else "it did not answer"
    raise FailedError(f"{told['state']} {told['reason']} at the deployment; {answered}")


def _must_do(seen: Reaction) -> str:
    if "DONE" not in seen.results:
        raise FailedError(str(seen))
    return str(seen)


@check(
    expected="when it says DONE it has moved, not before",
    clause="DONE, REJECTED or FAILED",
    needs="ready op counter",
)
def moves_before_it_says_so(bench: Bench) -> str:
    """Ask the counter at the very moment of the acknowledgement, and again later."""
    assert bench.moves is not None
    command = bench.command()
    bench.count_from_here()
    mark = bench.watch.mark()
    payload = envelope(bench.device.key, command).encode()
    bench.relay.slip(bench.topic("cmd"), payload)
    if not bench.until(lambda: bench.acks(command["id"], mark)):
        bench.is_mute = True
        raise NotTriedError("it did not acknowledge")
    at_once = bench.moves.count()
    later = bench.reaction(command["id"], mark)
    if not at_once and later.results[0] == "DONE":
        when = f"and moved {later.moved} times after it" if later.moved else "and never moved"
        raise FailedError(f"it said DONE before it moved, {when}")
    return f"moved {at_once} times, then {later.results[0]}"


@check(
    expected="the same command twice moves it once",
    clause=NEVER_TWICE,
    needs="ready op",
)
def repeated_id(bench: Bench) -> str:
    """Hand it the same bytes twice, as a broker may."""
    seen = bench.give(bench.command(), times=2)
    if seen.moved is None:
        raise NotTriedError(f"nothing tells how often it moved (--moves, --ask); it said {seen}")
    if seen.moved > 1:
        raise FailedError(f"it acted again on an id that it had seen: {seen}")
    if seen.moved == 0:
        raise FailedError(f"it did not move at all, or did not say so: {seen}")
    return str(seen)


@check(
    expected="a command that is not signed with its key moves nothing",
    clause=ONLY_IF,
    needs="ready",
)
def bad_signature(bench: Bench) -> str:
    """Another key, a changed text, no signature at all."""
    forged = {
        "signed with another key": _by_a_stranger(bench),
        "changed after signing": _changed(bench),
        "without a signature": _unsigned(bench),
    }
    seen = _together(bench, [(payload, made["id"]) for made, payload in forged.values()])
    for how, (made, _) in forged.items():
        if any(one.get("result") == "DONE" for one in bench.acks(made["id"])):
            raise FailedError(f"it acted without checking the signature: a command {how} is DONE")
    if seen.moved:
        raise FailedError(f"it acted without checking the signature: it moved {seen.moved} times")
    return "nothing moved"


def _by_a_stranger(bench: Bench) -> tuple[Json, bytes]:
    made = bench.command()
    return made, envelope(replace(bench.device.key, secret=secrets.token_bytes(32)), made).encode()


def _changed(bench: Bench) -> tuple[Json, bytes]:
    made = bench.command()
    good = json.loads(envelope(bench.device.key, bench.command()))
    return made, json.dumps({**good, "p": json.dumps(made)}).encode()


def _unsigned(bench: Bench) -> tuple[Json, bytes]:
    made = bench.command()
    return made, json.dumps({"p": json.dumps(made)}).encode()


def _together(bench: Bench, commands: list[tuple[bytes, str]]) -> Reaction:
    """Hand it several commands that it must ignore; the reaction is to all of them."""
    bench.count_from_here()
    mark = bench.watch.mark()
    for payload, _ in commands:
        bench.relay.slip(bench.topic("cmd"), payload)
    time.sleep(bench.pace.quiet_s)
    seen = bench.reaction(commands[0][1], mark)
    return replace(seen, acks=[ack for _, one in commands for ack in bench.acks(one, mark)])


@check(
    expected="a command whose time is over moves nothing",
    clause="`exp` has not passed on the clock you learnt",
    needs="ready",
)
def expired(bench: Bench) -> str:
    """Signed, new, of this session, and a minute too late."""
    now = bench.cloud_ms()
    late = bench.command(iat=now - 65_000, exp=now - 60_000)
    return _must_not(bench.give(late, void=True), "expired")


@check(
    expected="a command of another session moves nothing",
    clause="the session is the one you announced",
    needs="ready",
)
def other_session(bench: Bench) -> str:
    """Signed, new, in time, and for a session that is no more."""
    seen = bench.give(bench.command(session=secrets.token_hex(8)), void=True)
    return _must_not(seen, "of another session")


def _must_not(seen: Reaction, what: str) -> str:
    if seen.acted:
        raise FailedError(f"it acted on a command that was {what}: {seen}")
    return str(seen)


@check(
    expected="a command that it does not know is REJECTED",
    clause="DONE, REJECTED or FAILED",
    needs="ready",
)
def unknown_command(bench: Bench) -> str:
    """Signed, new, in time, of this session: and nothing that it can do."""
    seen = bench.give(bench.command(op="device.levitate", args={}))
    if seen.acted or not {"REJECTED", "FAILED"} & set(seen.results):
        raise FailedError(str(seen))
    return str(seen)


@check(
    expected="every other command of its kind is answered",
    clause="DONE, REJECTED or FAILED",
    needs="ready op",
)
def every_command(bench: Bench) -> str:
    """Give each of them once."""
    assert bench.repertoire is not None
    if not bench.repertoire.others:
        raise NotTriedError("its kind has no other command")
    told = {}
    for op in bench.repertoire.others:
        seen = bench.give(bench.command(op=op, args=SAMPLES.get(op, {})))
        told[op] = ", ".join(seen.results) or "no answer"
    silent = [op for op, result in told.items() if not any(one in result for one in RESULTS)]
    if silent:
        raise FailedError(f"it does not answer {', '.join(silent)}")
    return words(told)


@check(
    expected="it takes the time from nobody but us: signed, of its session, as an answer to it",
    clause=BELIEVE,
    needs="ready",
)
def false_time(bench: Bench) -> str:
    """Tell it that it is an hour ago, in three ways, then give it what expired since."""
    if expired.name in bench.failed:
        raise NotTriedError("it acts on what has expired, whatever it is told")
    now, announced = bench.cloud_ms(), bench.hellos(bench.line())[-1]
    lie = {"cloud": now - HOUR_MS, "monotonic": announced["monotonic"]}
    stranger: DeviceKey = replace(bench.device.key, secret=secrets.token_bytes(32))
    own, mine = bench.device.key, {"session": bench.session()}
    told = {
        "not signed": envelope(stranger, lie | mine),
        "of another session": envelope(own, lie | {"session": "another"}),
        "no answer to its hello": envelope(own, lie | mine | {"monotonic": -1}),
    }
    for how, payload in told.items():
        bench.relay.slip(bench.topic("time"), payload.encode())
        late = bench.command(iat=now - HOUR_MS, exp=now - HOUR_MS // 2)
        seen = bench.give(late, void=True)
        if seen.acted:
            raise FailedError(f"it believed a time that was {how}: {seen}")
    return "it kept the time that it was told"


@check(
    expected="it restarts when it is told to, and counts a greater boot",
    clause="`boot` (counts starts",
    needs="ready",
)
def restart(bench: Bench) -> str:
    """Order device.restart and wait until it is back."""
    before, boot = bench.relay.connections, bench.hellos()[-1]["boot"]
    seen = bench.give(bench.command(op=RESTART, args={}))
    if "DONE" not in seen.results:
        raise FailedError(f"device.restart: {seen}")
    bench.until(lambda: bench.relay.connections > before and bench.is_ready())
    if bench.relay.connections == before:
        raise FailedError(f"it did not connect again within {bench.pace.patience_s:.0f} s")
    again = bench.hellos(bench.line())
    if not again:
        raise FailedError("it connected again and sent no hello")
    if again[-1]["boot"] <= boot:
        raise FailedError(f"its boot was {boot} and is {again[-1]['boot']}")
    return f"boot {boot}, then {again[-1]['boot']}"


@check(
    expected="after all of this it still carries a good command out",
    clause="DONE, REJECTED or FAILED",
    needs="ready op",
)
def works_still(bench: Bench) -> str:
    """Give it one more good command."""
    return _must_do(bench.give(bench.command()))
