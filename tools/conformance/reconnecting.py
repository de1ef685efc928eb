"""Checks of a device that loses the broker and comes back: nothing old may move it."""

from __future__ import annotations

import threading
import time

import requests

from tools.conformance.bench import HOUR_MS, LIFE_MS, Absence, Bench
from tools.conformance.check import FailedError, NotTriedError, check
from tools.conformance.seen import Connected
from tools.simulate.signing import envelope

AWAY_S = 0.5


def _absent(bench: Bench) -> Absence:
    """Cut the device off, order something while it is away, and let it come back."""
    gone = Absence(bench.session(), bench.watch.mark(), bench.line())
    bench.count_from_here()
    bench.relay.shut = True
    bench.relay.cut()
    ordering = threading.Thread(target=_order, args=(bench, gone), daemon=True)
    if bench.staff is not None and bench.repertoire is not None:
        ordering.start()
    time.sleep(AWAY_S)
    bench.relay.shut = False
    bench.until(lambda: bench.relay.connections > gone.line)
    bench.await_ready()
    if ordering.ident is not None:
        ordering.join(LIFE_MS / 1_000 + bench.pace.patience_s)
    return gone


def _order(bench: Bench, gone: Absence) -> None:
    try:
        gone.ordered = bench.order(patiently=False)
    except requests.RequestException as failure:
        bench.watch.notes.append(f"staff could not order: {failure}")


@check(
    expected="when the broker is back it connects again and announces itself anew",
    clause='`{"p": "{session, boot, monotonic}", "s", "kid"}` after each connection',
    needs="ready",
)
def hello_after_reconnecting(bench: Bench) -> str:
    """Cut it off for half a second; the command of meanwhile is looked at in the next check."""
    bench.absence = gone = _absent(bench)
    later = [one.line for one in bench.watch.since(gone.mark, Connected)]
    if not later:
        raise FailedError(f"it did not connect again within {bench.pace.patience_s:.0f} s")
    if not any(bench.hellos(line) for line in later):
        raise FailedError("it connected again and sent no hello")
    return f"connected again, session {bench.session()}"


@check(
    expected="a command that staff ordered while it was away never moves it",
    clause="Connect with a clean start.",
    needs="broker op staff",
)
def stale_command(bench: Bench) -> str:
    """Look at what became of the command of meanwhile."""
    gone = bench.absence
    if gone is None or not gone.ordered:
        raise NotTriedError("nothing was ordered while it was away")
    seen = bench.reaction(gone.ordered["command_id"], gone.mark)
    if seen.acted:
        raise FailedError(f"it came back and acted on it: {seen}")
    return str(seen)


@check(
    expected="an old command that lies retained at the broker never moves it",
    clause="the session is the one you announced",
    needs="ready",
)
def old_retained(bench: Bench) -> str:
    """Hand it a command of the session before, marked as retained, good for an hour."""
    gone = bench.absence
    if gone is None or gone.session == bench.session():
        raise NotTriedError("it has had one session only")
    bench.count_from_here()
    old = bench.command(session=gone.session, exp=bench.cloud_ms() + HOUR_MS)
    mark = bench.watch.mark()
    payload = envelope(bench.device.key, old).encode()
    bench.relay.slip(bench.topic("cmd"), payload, retained=True)
    bench.until(lambda: bench.acks(old["id"], mark), within_s=bench.pace.quiet_s)
    seen = bench.reaction(old["id"], mark)
    if seen.acted:
        raise FailedError(f"it acted on a retained command of an older session: {seen}")
    return str(seen)


@check(
    expected="it goes by cloud time: what that calls over is over, what it calls good is good",
    clause="(monotonic plus offset, never your calendar)",
    needs="ready",
)
def cloud_time(bench: Bench) -> str:
    """Let it hear, at its next connection, a cloud that is an hour ahead of every calendar."""
    try:
        if not bench.cut(lambda told: told | {"cloud": told["cloud"] + HOUR_MS}):
            raise NotTriedError("it did not come back, or announced nothing")
        now = bench.cloud_ms()
        over = bench.give(bench.command(exp=now + LIFE_MS), void=True)
        if over.acted:
            raise FailedError(f"it acted on what was over by cloud time: {over}")
        then = now + HOUR_MS
        good = bench.give(bench.command(iat=then, exp=then + LIFE_MS)) if bench.repertoire else over
        if bench.repertoire and not good.acted:
            raise FailedError(f"it refused what was good by cloud time: {good}")
        return f"{over}; then {good}" if bench.repertoire else str(over)
    finally:
        bench.cut()
