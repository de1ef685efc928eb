"""The supervisor restarts what dies, signals what changed, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.one_machine.home import Home
from infra.one_machine.processes import Part, Supervisor

SLEEP = (sys.executable, "-c", "import time; time.sleep(60)")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def supervisor(home: Home) -> Iterator[Supervisor]:
    made = Supervisor(home, say=lambda _: None)
    yield made
    made.stop()


def part(*argv: str, name: str = "part", reload_on: tuple[Path, ...] = ()) -> Part:
    return Part(name, argv, os.environ, is_ready=lambda: True, reload_on=reload_on)


def tended(supervisor: Supervisor, until: Callable[[], object], within_s: float = 10) -> bool:
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        supervisor.tend()
        if until():
            return True
        time.sleep(0.02)
    return False


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_killed_child_is_started_again(supervisor: Supervisor):
    supervisor.start(part(*SLEEP))
    child = supervisor.children[0]
    first = child.process.pid
    os.kill(first, signal.SIGKILL)
    assert tended(supervisor, lambda: child.process.pid != first and child.process.poll() is None)


def test_a_child_that_keeps_dying_waits_longer_each_time_and_ends_the_start(home: Home):
    said: list[str] = []
    supervisor = Supervisor(home, said.append)
    argv = (sys.executable, "-c", "print('no luck'); raise SystemExit(3)")
    supervisor.start(Part("part", argv, os.environ, is_ready=lambda: False))
    assert not supervisor.await_ready(threading.Event(), 30)
    assert [line.split("again in ")[1][:5] for line in said[:3]] == ["0.2 s", "0.4 s", "0.8 s"]
    assert "does not start" in said[-1]
    assert "no luck" in said[-1]
    supervisor.stop()


def test_output_goes_to_a_log_of_its_own(supervisor: Supervisor, home: Home):
    supervisor.start(part(sys.executable, "-c", "print('hello')", name="greeter"))
    supervisor.children[0].process.wait(10)
    assert (home.root / "logs" / "greeter.log").read_text() == "hello\n"


def test_a_changed_file_is_announced_by_sighup(supervisor: Supervisor, tmp_path: Path):
    watched, heard = tmp_path / "watched", tmp_path / "heard"
    watched.write_text("1")
    script = (
        "import pathlib, signal, time\n"
        f"signal.signal(signal.SIGHUP, lambda *_: pathlib.Path({str(heard)!r}).touch())\n"
        "print('up', flush=True)\n"
        "time.sleep(60)"
    )
    supervisor.start(part(sys.executable, "-c", script, reload_on=(watched,)))
    assert tended(supervisor, lambda: "up" in supervisor.children[0].log.read_text())
    os.utime(watched, (1, 1))
    assert tended(supervisor, heard.exists)


def test_stop_ends_even_grandchildren_and_the_deaf(supervisor: Supervisor, tmp_path: Path):
    pids = tmp_path / "pids"
    script = (
        "import os, signal, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}} .')\n"
        "time.sleep(60)"
    )
    supervisor.start(part(sys.executable, "-c", script))
    assert tended(supervisor, lambda: pids.exists() and pids.read_text().endswith("."))
    supervisor.stop()
    left = [int(pid) for pid in pids.read_text().split()[:2]]
    assert tended(supervisor, lambda: not any(alive(pid) for pid in left))


def test_children_die_with_a_killed_supervisor_and_the_next_one_sees_to_it(tmp_path: Path):
    script = (
        "import os, pathlib, sys, time\n"
        "from infra.one_machine.home import Home\n"
        "from infra.one_machine.processes import Part, Supervisor\n"
        f"s = Supervisor(Home(pathlib.Path({str(tmp_path)!r})))\n"
        "s.start(Part('sleeper', [sys.executable, '-c', 'import time; time.sleep(60)'],"
        " os.environ, is_ready=lambda: True))\n"
        "print(s.children[0].process.pid, flush=True)\n"
        "time.sleep(60)"
    )
    first = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert first.stdout is not None
    pid = int(first.stdout.readline())
    assert alive(pid)
    first.kill()
    first.communicate(timeout=10)
    Supervisor(Home(tmp_path), say=lambda _: None)
    assert not alive(pid)


def test_a_pid_that_was_given_to_another_process_is_left_alone(home: Home):
    stranger = subprocess.Popen(SLEEP, start_new_session=True)
    home.remember("children", [[stranger.pid, "1"]])
    Supervisor(home, say=lambda _: None)
    assert alive(stranger.pid)
    stranger.kill()
    stranger.wait()
