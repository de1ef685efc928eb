"""Child processes under supervision: started, logged, restarted, and never left behind."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.one_machine.home import REPOSITORY, Home

PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)
CALM_S = 30
"""A child that ran this long is restarted at once; a younger one waits ever longer."""

LONGEST_WAIT_S = 10.0
LARGEST_LOG = 20 * 1024 * 1024
GRACE_S = 10.0
HOPELESS = 4
"""So many quick deaths in a row before the first ready line, and the start is given up."""


@dataclass(frozen=True)
class Part:
    """One process: how it starts, when it is ready, what makes it read its files again."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    is_ready: Callable[[], bool]
    is_engine: bool = False
    """Others use it: it is stopped when they have ended."""
    reload_on: tuple[Path, ...] = ()
    """It reads these files again on SIGHUP."""
    ends_by: signal.Signals = signal.SIGTERM


@dataclass
class Child:
    """A part that was started; `failures` counts quick deaths in a row."""

    part: Part
    log: Path
    process: "subprocess.Popen[bytes]"
    started: float
    failures: int = 0
    restart_at: float | None = None
    seen: dict[Path, float] = field(default_factory=dict)

    def is_ready(self) -> bool:
        """Return whether it runs and says that it is ready."""
        return self.process.poll() is None and self.part.is_ready()


class Supervisor:
    """Keeps parts running until told to stop; single-threaded, driven by `tend`."""

    def __init__(self, home: Home, say: Callable[[str], None] = print) -> None:
        self.home = home
        self.say = say
        self.children: list[Child] = []
        _bury_predecessors(home)

    def start(self, part: Part) -> None:
        """Start a part; its output goes to `<state>/logs/<name>.log`."""
        log = self.home.folder("logs") / f"{part.name}.log"
        child = Child(part, log, _spawn(part, log), time.monotonic(), seen=_ages(part))
        self.children.append(child)
        self._note()

    def await_ready(self, stopping: threading.Event, patience_s: float) -> bool:
        """Return whether all parts became ready in time; restarts those that die meanwhile.

        A part that keeps dying ends the wait: its log says why, and is shown.
        """
        end, waiting = time.monotonic() + patience_s, list(self.children)
        while waiting and not stopping.wait(0.05):
            self.tend()
            waiting = [child for child in waiting if not child.is_ready()]
            hopeless = [child for child in waiting if child.failures >= HOPELESS]
            if hopeless or (waiting and time.monotonic() > end):
                for child in hopeless or waiting:
                    self.say(f"{child.part.name} does not start:\n{_last_words(child.log)}")
                return False
        return not waiting

    def tend(self) -> None:
        """One round: restart the dead when their wait is over, signal changed files."""
        for child in self.children:
            if child.process.poll() is not None:
                self._revive(child)
            elif (ages := _ages(child.part)) != child.seen:
                child.seen = ages
                child.process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        """End every child, engines after those that use them; none outlives this call."""
        for engines in (False, True):
            wave = [child for child in self.children if child.part.is_engine is engines]
            for child in wave:
                child.process.send_signal(child.part.ends_by)
            end = time.monotonic() + GRACE_S
            for child in wave:
                _end(child.process, end)
        self.children.clear()
        self._note()

    def _revive(self, child: Child) -> None:
        moment = time.monotonic()
        if child.restart_at is None:
            lived = moment - child.started
            child.failures = 0 if lived > CALM_S else child.failures + 1
            wait = min(LONGEST_WAIT_S, 0.1 * 2**child.failures)
            child.restart_at = moment + wait
            ended = f"{child.part.name} ended ({child.process.returncode})"
            self.say(f"{ended}, again in {wait:.1f} s, see {child.log}")
            _kill_group(child.process)  # what it left running would hold its port
        elif moment >= child.restart_at:
            child.process = _spawn(child.part, child.log)
            child.started, child.restart_at = moment, None
            child.seen = _ages(child.part)
            self._note()

    def _note(self) -> None:
        pids = [child.process.pid for child in self.children]
        self.home.remember("children", [[pid, _birth(pid)] for pid in pids])


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent ends (prctl(2))."""
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def python(module: str, *arguments: str) -> tuple[str, ...]:
    """Return the command line that runs a module with this interpreter."""
    return (sys.executable, "-m", module, *arguments)


def _spawn(part: Part, log: Path) -> "subprocess.Popen[bytes]":
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as output:
        return subprocess.Popen(
            part.argv,
            cwd=REPOSITORY,
            env=dict(part.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches the supervisor alone
            preexec_fn=die_with_parent,  # noqa: PLW1509 -- this process has one thread
        )


def _end(process: "subprocess.Popen[bytes]", end: float) -> None:
    try:
        process.wait(max(0.1, end - time.monotonic()))
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _kill_group(process)


def _kill_group(process: "subprocess.Popen[bytes]") -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _last_words(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])


def _ages(part: Part) -> dict[Path, float]:
    return {path: path.stat().st_mtime for path in part.reload_on if path.exists()}


def _birth(pid: int) -> str:
    """Return when a process began in clock ticks, so that a reused pid is not mistaken for it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except OSError:
        return ""


def _bury_predecessors(home: Home) -> None:
    """End what a killed supervisor's children may still be doing: they hold ports and files."""
    remembered: Any = home.recall("children") or []
    for pid, birth in remembered:
        while birth and _birth(pid) == birth and _state(pid) != "Z":
            try:
                os.killpg(pid, signal.SIGKILL)
            except ProcessLookupError:
                break
            time.sleep(0.02)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return "Z"
