"""The whole one-machine home: one holder, no orphans, and a state that outlives `kill -9`."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tools.simulate.system import chosen_by_the_user

START_S = 120

pytestmark = pytest.mark.aws


class Instance:
    """One supervisor and its output."""

    def __init__(self, state: Path, port: str = "0") -> None:
        self.argv = [sys.executable, "-m", "infra.local", "--port", port, "--state", str(state)]
        self.output = state.with_suffix(".out")
        with self.output.open("wb") as file:
            self.process = subprocess.Popen(
                self.argv, env=chosen_by_the_user(), stdout=file, stderr=subprocess.STDOUT
            )

    def said(self) -> str:
        return self.output.read_text()

    def until_ready(self) -> str:
        end = time.monotonic() + START_S
        while time.monotonic() < end and self.process.poll() is None:
            if "READY" in self.said():
                return self.said().splitlines()[-1]
            time.sleep(0.1)
        raise AssertionError(self.said())


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "state"
    yield folder
    for pid in processes_of(folder):
        os.kill(pid, signal.SIGKILL)


def processes_of(state: Path) -> list[int]:
    """Every process that was told of this state folder, by argument or environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if str(state).encode() in told and int(process.name) != os.getpid():
            found.append(int(process.name))
    return found


def demo(state: Path) -> Any:
    return json.loads((state / "demo.json").read_text())


def me(state: Path, token: str) -> Any:
    address = demo(state)["base_url"] + "/resident/me"
    return requests.get(address, headers={"Authorization": f"Bearer {token}"}, timeout=10).json()


def gone(state: Path, within_s: float = 15) -> bool:
    end = time.monotonic() + within_s
    while processes_of(state) and time.monotonic() < end:
        time.sleep(0.1)
    return not processes_of(state)


def test_a_home_lives_dies_and_lives_again(state: Path, tmp_path: Path):
    first = Instance(state)
    ready = first.until_ready()
    before = demo(state)
    assert ready.startswith(f"READY {before['base_url']}")
    token = before["tokens"]["resident"]
    assert me(state, token)["unit_ids"] == [before["ids"]["unit"]]

    rival = Instance(state)
    assert rival.process.wait(30) == 1
    assert str(first.process.pid) in rival.said()
    port = before["base_url"].rpartition(":")[2]
    neighbour = Instance(tmp_path / "other", port)
    assert neighbour.process.wait(30) == 1
    assert f"port {port} is in use by process" in neighbour.said()
    assert "PORT=" in neighbour.said()

    first.process.kill()
    first.process.wait()
    assert gone(state)

    second = Instance(state, port)
    second.until_ready()
    after = demo(state)
    assert after["devices"] == before["devices"]
    assert after["mqtt"] == before["mqtt"]
    assert me(state, token)["subject_id"] == before["ids"]["resident"]

    second.process.send_signal(signal.SIGTERM)
    assert second.process.wait(30) == 0
    assert gone(state)
