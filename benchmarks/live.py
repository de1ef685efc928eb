"""The running system that the benchmarks measure, and the load they put on it."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from tools.simulate.estate import Device, Estate
from tools.simulate.system import System

T = TypeVar("T")


@contextmanager
def running(*, on_disk: bool) -> Iterator[System]:
    """Start a system in a folder of its own.

    On disk the local engine syncs every write, so the disk is what is measured; in memory it
    is the product.
    """
    with (
        tempfile.TemporaryDirectory(prefix="linli-bench-") as folder,
        System(Path(folder) / "state", in_memory=not on_disk) as system,
    ):
        yield system


def environment(system: System) -> dict[str, str]:
    """Return the addresses and keys of the system's own processes, for calls in another one.

    The fence belongs to the local engine and is not counted (DESIGN.md, budgets).
    """
    known = (system.state / "env.json").read_text(encoding="utf-8")
    given: dict[str, str] = json.loads(known)
    return {**os.environ, **given, "LINLI_COMMIT_FENCE": "0"}


@contextmanager
def consumers_paused() -> Iterator[None]:
    """Let nobody take from the queues meanwhile: on AWS they run on machines of their own."""
    children = json.loads(Path(os.environ["LINLI_STATE"], "children.json").read_text("utf-8"))
    workers = [pid for pid, _ in children if b".worker" in _command(pid)]
    if not workers:
        raise RuntimeError("no worker process found")
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGCONT)


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


@contextmanager
def devices(estate: Estate, more: Sequence[Device] = ()) -> Iterator[None]:
    """Run every gate and lift controller of the estate, and `more`, in a process of its own."""
    here = [*estate.devices, *more]
    wanted = len([d for d in here if d.kind in {"gate", "lift_controller"}])
    demo = _demo_with(more)
    command = [sys.executable, "-m", "tools.simulate", "--demo", str(demo)]
    process = subprocess.Popen([*command, "devices"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for _ in range(wanted):
        if "session" not in process.stdout.readline():
            raise RuntimeError("the simulated devices did not start")
    drain = threading.Thread(target=process.stdout.read, daemon=True)
    drain.start()
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)
        drain.join(5)
        process.stdout.close()


def _demo_with(more: Sequence[Device]) -> Path:
    """Return the demo's file, or one beside it in which these devices stand as well."""
    known = Path(os.environ["LINLI_STATE"], "demo.json")
    if not more:
        return known
    demo = json.loads(known.read_text("utf-8"))
    demo["devices"] += [
        {
            "id": device.id,
            "kind": device.kind,
            "key_id": device.key.key_id,
            "key": base64.b64encode(device.key.secret).decode(),
            "community_id": device.community_id,
            "place_id": device.place_id,
        }
        for device in more
    ]
    path = known.with_name("demo-more.json")
    path.write_text(json.dumps(demo), "utf-8")
    path.chmod(0o600)
    return path


def paced(works: list[Callable[[], T]], per_second: float, threads: int = 64) -> list[T]:
    """Begin each work at its own moment, whatever the others do; results in order."""
    began = time.perf_counter()

    def run(place: int, work: Callable[[], T]) -> T:
        time.sleep(max(0.0, began + place / per_second - time.perf_counter()))
        return work()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(len(works)), works))
