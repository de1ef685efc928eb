"""TCP ports of one instance: HTTP is chosen by its user, the others are derived."""

import socket
import zlib
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from infra.one_machine.home import Home

FIRST, LAST = 20_000, 31_999
"""Below Linux's ephemeral range, where an outgoing connection could sit on our port."""

SPACING = 16


@dataclass(frozen=True)
class Ports:
    """Loopback ports. Devices and servers enter the broker through separate doors."""

    http: int
    dynamodb: int
    aws: int
    mqtt: int
    mqtt_server: int
    wechat: int


def choose(home: Home, http: int) -> Ports:
    """Return this instance's ports: those of its last run where they are still free.

    `http` is taken as it is, free or not; 0 leaves it to us like the others.

    A new instance starts looking at a place derived from its folder, so that two that are
    started at once look at different places.
    """
    remembered: dict[str, int] = home.recall("ports") or {}
    slots = (LAST - FIRST) // SPACING
    candidate = FIRST + zlib.crc32(str(home.root).encode()) % slots * SPACING
    chosen: dict[str, int] = {"http": http} if http else {}
    for name in (field.name for field in fields(Ports) if field.name not in chosen):
        port = remembered.get(name, 0)
        while not port or port in chosen.values() or not is_free(port):
            port, candidate = candidate, candidate + 1 if candidate < LAST else FIRST
        chosen[name] = port
    ports = Ports(**chosen)
    home.remember("ports", asdict(ports))
    return ports


def is_free(port: int) -> bool:
    """Return whether a server could listen on this port of every interface."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return False
        return True


def holder(port: int) -> int | None:
    """Return the process that listens on a port, or None if we may not see it (proc(5))."""
    sockets = {f"socket:[{inode}]" for inode in _listening(port)}
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(link.readlink()) in sockets:
                return int(link.parts[2])
        except OSError:
            continue  # the process ended, or belongs to somebody else
    return None


def told_of(port: int) -> str:
    """Return who listens on a port, in words for a person."""
    pid = holder(port)
    if pid is None:
        return "a process of another user"
    command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return f"process {pid} ({command[:80].strip()})"


def _listening(port: int) -> set[str]:
    inodes = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if not table.exists():
            continue
        for line in table.read_text(encoding="ascii").splitlines()[1:]:
            columns = line.split()
            if columns[3] == "0A" and columns[1].endswith(f":{port:04X}"):
                inodes.add(columns[9])
    return inodes
