"""Checks of how a device connects: its session, its last will, what it hears, its hello."""

from __future__ import annotations

import json

from tools.conformance.bench import Bench, words
from tools.conformance.check import FailedError, NotTriedError, check
from tools.conformance.packets import MQTT5
from tools.conformance.seen import Admitted, Connected, Json, Said, Subscribed, inside

LONGEST_SESSION = 64
LEAVES = frozenset({"ack", "hello", "sos", "evt", "tel", "state"})


@check(
    expected="it connects by MQTT 5 with its id and password, and the broker lets it in",
    clause="signs in with its id",
)
def connects(bench: Bench) -> str:
    """Wait for the first connection."""
    if bench.broker is None:
        raise NotTriedError("the device is examined over HTTP alone")
    bench.until(lambda: any(one.code == 0 for one in bench.watch.since(0, Admitted)))
    made, answers = bench.watch.since(0, Connected), bench.watch.since(0, Admitted)
    if not made:
        raise FailedError(f"it did not connect within {bench.pace.patience_s:.0f} s")
    if all(one.code for one in answers):
        codes = ", ".join(sorted({f"0x{one.code:02x}" for one in answers})) or "nothing"
        raise FailedError(f"the broker answered its CONNECT with {codes}")
    if made[0].asked.version != MQTT5:
        raise FailedError(f"it speaks version {made[0].asked.version}, which knows no expiry")
    return f"connected as {made[0].asked.client_id or '(no client id)'}"


@check(
    expected="every connection asks for a clean start and no session that outlives it",
    clause="Connect with a clean start.",
    needs="broker",
)
def clean_start(bench: Bench) -> str:
    """Look at every CONNECT so far."""
    for one in bench.watch.since(0, Connected):
        if not one.asked.clean:
            raise FailedError(f"connection {one.line} asks for its old session (clean start 0)")
        if one.asked.expiry_s:
            kept = one.asked.expiry_s
            raise FailedError(f"connection {one.line} wants its session kept for {kept} s")
    return "clean start, session expiry 0"


@check(
    expected='its last will is {"online": false} on its state topic, retained',
    clause='the will `{"online": false}`',
    needs="broker",
)
def last_will(bench: Bench) -> str:
    """Look at the first CONNECT."""
    asked = bench.watch.since(0, Connected)[0].asked
    if asked.will_topic != bench.topic("state"):
        raise FailedError(f"its will is for {asked.will_topic or 'nobody: it has none'}")
    if _online(asked.will) is not False or not asked.will_retained:
        retained = "retained" if asked.will_retained else "not retained"
        raise FailedError(f"its will is {asked.will[:100]!r}, {retained}")
    return "as expected"


@check(
    expected='it publishes {"online": true} on its state topic, retained, when it has connected',
    clause='`{"online": true}` after connecting',
    needs="ready",
)
def says_online(bench: Bench) -> str:
    """Look at what it published on its state topic."""
    said = bench.said("state")
    if not said:
        raise FailedError("it published nothing on its state topic")
    if _online(said[0].message.payload) is not True or not said[0].message.retained:
        raise FailedError(f"it published {said[0].message.payload[:100]!r}")
    return "as expected"


def _online(payload: bytes) -> object:
    try:
        told = json.loads(payload)
    except ValueError:
        return None
    return told.get("online") if isinstance(told, dict) else None


@check(
    expected="it listens to its cmd topic with QoS 1 and to its time topic, and to nothing else",
    clause="a device may use its own only",
    needs="ready",
)
def listens(bench: Bench) -> str:
    """Look at every SUBSCRIBE of the first connection."""
    asked: dict[str, int] = {}
    for one in bench.watch.since(0, Subscribed):
        asked |= one.filters
    own = {bench.topic("cmd"), bench.topic("time")}
    if foreign := sorted(asked.keys() - own):
        raise FailedError(f"it asks for {', '.join(foreign)}")
    if asked.get(bench.topic("cmd")) != 1:
        raise FailedError(f"it asks for commands with QoS {asked.get(bench.topic('cmd'))}")
    if bench.topic("time") not in asked:
        raise FailedError("it does not ask for the time")
    return "cmd with QoS 1, time"


@check(
    expected="after connecting it announces session, boot and monotonic, signed",
    clause='`{"p": "{session, boot, monotonic}", "s", "kid"}` after each connection',
    needs="broker",
)
def hello(bench: Bench) -> str:
    """Wait for the first hello and read it as the deployment does."""
    said: list[Said] = bench.until(lambda: bench.said("hello"))
    if not said:
        raise FailedError(f"no hello within {bench.pace.patience_s:.0f} s")
    told = bench.signed(said[0].message.payload)
    if told is None:
        raise FailedError(f"its hello is not signed with its key: {words(_shown(said[0]))}")
    if fault := _fault(told):
        raise FailedError(f"its hello says {words(told)}: {fault}")
    if not bench.await_ready():
        raise NotTriedError("its hello is good, but the deployment did not tell it the time")
    return f"session {told['session']}, boot {told['boot']}"


def _fault(told: Json) -> str:
    session, boot, monotonic = (told.get(name) for name in ("session", "boot", "monotonic"))
    if not isinstance(session, str) or not 0 < len(session) <= LONGEST_SESSION:
        return f"session must be a text of 1 to {LONGEST_SESSION} characters"
    if not isinstance(boot, int) or isinstance(boot, bool) or not 0 <= boot <= 2**53:
        return "boot must be a whole number"
    if not isinstance(monotonic, int) or isinstance(monotonic, bool):
        return "monotonic must be a whole number of milliseconds"
    return ""


def _shown(said: Said) -> Json:
    return inside(said.message.payload) or {"payload": said.message.payload[:100]}


@check(
    expected="every connection has a session of its own",
    clause="the session is the one you announced",
    needs="ready",
)
def new_sessions(bench: Bench) -> str:
    """Compare the sessions of all connections."""
    lines = [one.line for one in bench.watch.since(0, Connected)]
    by_line = {line: {one.get("session") for one in bench.hellos(line)} for line in lines}
    announced = [session for sessions in by_line.values() for session in sessions]
    if len([line for line in lines if by_line[line]]) < 2:
        raise NotTriedError("it announced itself on one connection only")
    if len(set(announced)) < len(announced):
        raise FailedError("it announced the same session on two connections")
    return f"{len(announced)} connections, as many sessions"


@check(
    expected="it publishes below its own topic only: ack, hello, evt, tel, state",
    clause="a device may use its own only",
    needs="broker",
)
def own_topics(bench: Bench) -> str:
    """Look at every topic that it published to."""
    own = {bench.topic(leaf) for leaf in LEAVES}
    used = {one.message.topic for one in bench.watch.since(0, Said)}
    if used - own:
        raise FailedError(f"it publishes to {', '.join(sorted(used - own))}")
    return ", ".join(sorted(topic.rpartition("/")[2] for topic in used))
