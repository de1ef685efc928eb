"""One instance from start to end: its parts in order, the ready line, the clean stop."""

import contextlib
import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

from infra.one_machine import broker, dynamodb, ministack, ports, reach, wechat
from infra.one_machine.environment import environment, server_password
from infra.one_machine.home import AlreadyRunning, Home, NotOurs
from infra.one_machine.processes import Part, Supervisor, python

PATIENCE_S = 120.0
TEND_EVERY_S = 0.2
CONNECTIONS = 512
"""Clients at a time, idle ones too; the next wait. Requests: `front.THREADS` at a time."""

HEADERS_MS = 10_000
"""How long a client may take to begin a request and to send its headers."""


def run(home: Home, port: int) -> int:
    """Run one instance until SIGTERM or SIGINT; return the exit status."""
    began = time.monotonic()
    try:
        home.lock()
    except AlreadyRunning as other:
        return _refuse(f"{home.root} is in use by process {other.pid}")
    except NotOurs as reason:
        return _refuse(str(reason))
    supervisor = Supervisor(home, _say)  # ends what a killed run left, which may hold the port
    if port and not ports.is_free(port):
        return _refuse(f"port {port} is in use by {ports.told_of(port)}; try PORT=8100 make run")
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stopping.set())
    try:
        return _live(supervisor, home, port, stopping, began)
    finally:
        supervisor.stop()
        _say("stopped")


def reset(home: Home) -> int:
    """Wipe the state folder, unless an instance is using it or it is no state folder."""
    if not home.root.exists():
        return _forgot(home)
    if not home.is_ours:
        return _refuse(f"{home.root} is no state folder of Linli; nothing was removed")
    try:
        home.lock()
    except AlreadyRunning as other:
        return _refuse(f"{home.root} is in use by process {other.pid}; stop it first")
    Supervisor(home, _say).stop()
    shutil.rmtree(home.root)
    return _forgot(home)


def _forgot(home: Home) -> int:
    _say(f"forgot everything in {home.root}")
    return 0


def _live(
    supervisor: Supervisor, home: Home, port: int, stopping: threading.Event, began: float
) -> int:
    chosen = ports.choose(home, port)
    given = environment(home, chosen)
    for part in _parts(home, chosen, given):
        _say(f"starting {part.name}")
        supervisor.start(part)
    if not supervisor.await_ready(stopping, PATIENCE_S):
        return 0 if stopping.is_set() else 1
    _say(_ready_line(home, given, time.monotonic() - began))
    while not stopping.wait(TEND_EVERY_S):
        supervisor.tend()
    return 0


def _parts(home: Home, chosen: ports.Ports, given: dict[str, str]) -> list[Part]:
    engines = [ministack.part(home, chosen.aws), broker.part(home, chosen, server_password(home))]
    if not os.environ.get("LINLI_DYNAMODB_URL"):
        engines.insert(0, dynamodb.part(home, chosen.dynamodb))
    if not wechat.is_elsewhere():
        engines.append(wechat.part(home, chosen.wechat))
    workers = (_worker(home, package, given) for package in ("core", "inference"))
    return [*engines, _http(chosen.http, given), *workers]


def _http(port: int, given: dict[str, str]) -> Part:
    arguments = (
        "--interface", "rsgi",
        "--host", "127.0.0.1",
        "--port", str(port),
        "--http", "1",  # when it may be 2 as well, a silent connection is kept for ever
        "--http1-header-read-timeout", str(HEADERS_MS),
        "--backpressure", str(CONNECTIONS),
        "--workers-kill-timeout", "5",
        "--no-ws",
        "infra.one_machine.http_server:application",
    )  # fmt: skip
    return Part(
        name="http",
        argv=python("granian", *arguments),
        environment=given,
        is_ready=lambda: reach.status(port, "/healthz") == 200,
    )


def _worker(home: Home, package: str, given: dict[str, str]) -> Part:
    mark = home.ready_file(package)
    with contextlib.suppress(FileNotFoundError):
        mark.unlink()
    return Part(
        name=f"worker-{package}",
        argv=python("infra.one_machine.worker", package),
        environment=given,
        is_ready=mark.exists,
    )


def _ready_line(home: Home, given: dict[str, str], seconds: float) -> str:
    demo: Path = home.root / "demo.json"
    return (
        f"READY {given['LINLI_BASE_URL']}  devices {given['LINLI_DEVICES_MQTT_URL']}"
        f"  sign-ins {demo}  ({seconds:.1f} s, Ctrl-C stops)"
    )


def _say(line: str) -> None:
    print(line, flush=True)


def _refuse(reason: str) -> int:
    print(f"refused: {reason}", file=sys.stderr, flush=True)
    return 1
