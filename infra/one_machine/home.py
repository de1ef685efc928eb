"""The state folder of one running instance: lock, secrets, remembered facts.

Whatever is made once (keys, passwords, ports) is written whole or not at all, because the
machine may lose power between any two lines.
"""

import fcntl
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

REPOSITORY = Path(__file__).resolve().parents[2]

MARK = ".linli-state"
"""Lies in a state folder: no other folder is used or wiped."""

OUTPUT = "run.log"
"""Whoever starts an instance may write its output here beforehand."""


class AlreadyRunning(Exception):  # noqa: N818 -- a state of the world, not a fault
    """Another supervisor holds this state folder; `pid` is its process."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"held by process {pid}")
        self.pid = pid


class NotOurs(Exception):  # noqa: N818 -- as above
    """The folder holds somebody else's things."""


@dataclass(frozen=True)
class Home:
    """Where one instance keeps everything; several may live on one machine."""

    root: Path
    in_memory: bool = False
    _held: list[IO[str]] = field(default_factory=list, repr=False, compare=False)

    def folder(self, name: str) -> Path:
        """Return a subfolder that only this user may read; made on first use."""
        path = self.root / name
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    def lock(self) -> None:
        """Take the folder for this process until it ends; raises AlreadyRunning or NotOurs.

        The kernel drops the lock with the process, so `kill -9` leaves nothing stale.
        """
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._claim()
        file = (self.root / "run.lock").open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            pid = int(file.read() or 0)
            file.close()
            raise AlreadyRunning(pid) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._held.append(file)

    def release(self) -> None:
        """Give the folder free before this process ends."""
        while self._held:
            self._held.pop().close()

    @property
    def is_ours(self) -> bool:
        """Return whether an instance has lived here."""
        return (self.root / MARK).exists()

    def _claim(self) -> None:
        if self.is_ours:
            return
        if any(entry.name != OUTPUT for entry in self.root.iterdir()):
            raise NotOurs(f"{self.root} holds other things; name an empty folder")
        self.root.chmod(0o700)
        (self.root / MARK).touch()

    def secret(self, name: str, make: Callable[[], bytes]) -> bytes:
        """Return a secret of this installation, made at first run."""
        path = self.folder("keys") / name
        if not path.exists():
            write_whole(path, make())
        return path.read_bytes()

    def ready_file(self, package: str) -> Path:
        """Return the file that a worker touches when it has begun."""
        return self.folder("ready") / package

    def recall(self, name: str) -> Any:
        """Return what `remember` kept under this name, or None."""
        path = self.root / f"{name}.json"
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return None

    def remember(self, name: str, fact: Any, *, synced: bool = True) -> Path:
        """Keep a JSON fact in `<state>/<name>.json` and return that path."""
        path = self.root / f"{name}.json"
        text = json.dumps(fact, ensure_ascii=False, indent=1)
        write_whole(path, text.encode(), synced=synced)
        return path


def write_whole(path: Path, content: bytes, *, synced: bool = True) -> None:
    """Replace a file in one step, readable by this user alone.

    Unsynced it survives the death of every process, but not of the machine.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        if synced:
            file.flush()
            os.fsync(file.fileno())
    Path(temporary).replace(path)
