"""A whole Linli on free ports in a folder of its own, as `make run` starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self

from tools.simulate.estate import Estate
from tools.simulate.waiting import eventually

REPOSITORY = Path(__file__).resolve().parents[2]
START_S = 180


def chosen_by_the_user() -> dict[str, str]:
    """Return this process's environment without its own command bus: our devices speak MQTT."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("LINLI_COMMAND_BUS")
    }


class System:
    """Started, stopped and killed as a person would; its state lies in `state`."""

    def __init__(self, state: Path, *, in_memory: bool) -> None:
        """Prepare; nothing is started."""
        self.state = state
        self.in_memory = in_memory
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start everything and wait for the ready line; raises with the log's end if it dies."""
        (self.state / "demo.json").unlink(missing_ok=True)
        self.state.mkdir(parents=True, exist_ok=True)
        log = self.state / "run.log"
        arguments = ["-m", "infra.local", "--port", "0", "--state", str(self.state)]
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, *arguments, *(["--in-memory"] if self.in_memory else [])],
                cwd=REPOSITORY,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=chosen_by_the_user(),
                start_new_session=True,
            )
        process = self._process
        eventually(lambda: b"READY" in log.read_bytes() or process.poll() is not None, START_S)
        said = log.read_text(encoding="utf-8", errors="replace")
        if "READY" not in said:
            self.kill()
            raise AssertionError(f"the system did not start:\n{said[-3000:]}")
        return self

    def stop(self) -> None:
        """Ctrl-C, and wait; whatever is left is killed."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(30)
        finally:
            self.kill()

    def kill(self) -> None:
        """`kill -9` of the whole tree: the supervisor first, so that it restarts nothing."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        for pid in [process.pid, *_descendants(process.pid)]:
            _kill(pid)
        process.wait(10)

    @property
    def estate(self) -> Estate:
        """The demo estate of the running system."""
        return Estate.read(self.state / "demo.json")

    def logs(self) -> str:
        """Everything the parts logged, for a look at crashes."""
        files = [self.state / "run.log", *(self.state / "logs").glob("*.log")]
        return "\n".join(file.read_text(encoding="utf-8", errors="replace") for file in files)

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()


def _descendants(pid: int) -> list[int]:
    """All processes below `pid`, by /proc (proc(5))."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(stat.parent.name)] = int(fields[1])
    found = [pid]
    for ancestor in found:
        found += [child for child, parent in parents.items() if parent == ancestor]
    return found[1:]


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
