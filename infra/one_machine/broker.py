"""mosquitto: the MQTT broker, with a password and an access list per device.

Devices and servers enter by separate listeners, and neither door knows the other's
passwords: a device that came in by the servers' one could take our sessions by their client
ids. Through its own door its client id is its user name, so it cannot take another device's.
"""

import getpass
import hashlib
import os
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.one_machine import reach
from infra.one_machine.home import Home, write_whole
from infra.one_machine.ports import Ports
from infra.one_machine.processes import Part

SERVER = "linli-server"
ROUNDS = 101
"""PBKDF2 rounds of mosquitto's own password files; the passwords are 256 random bits."""

AT_ONCE = 20_000
AT_ONCE_BYTES = 64 * 1024 * 1024
"""Under way to one client. Our own takes them at once and has what one device sends too fast wait
behind the others' (topic_rules.py); a queue that overflows here drops everybody's."""

MOST_QUEUED = 20_000
MOST_QUEUED_BYTES = 64 * 1024 * 1024
"""Kept per client that is slow or away, whichever is reached first."""

DEVICE_READS = ("cmd", "time")
DEVICE_WRITES = ("ack", "hello", "sos", "evt", "tel", "state")


@dataclass(frozen=True)
class Account:
    """A device that may sign in: its id, its community, its password."""

    device_id: str
    community_id: str
    password: str


def part(home: Home, ports: Ports, server_password: str) -> Part:
    """Return the broker as a child process that only the server may enter yet."""
    folder = home.folder("broker")
    if not (folder / "passwords").exists():
        admit(home, ())
    for_servers = f"{SERVER}:{_hashed(SERVER, server_password)}\n"
    write_whole(folder / "server-passwords", for_servers.encode())
    configuration = folder / "mosquitto.conf"
    write_whole(configuration, _configuration(folder, ports).encode())
    return Part(
        name="broker",
        argv=(program(), "-c", str(configuration)),
        environment=os.environ,
        is_ready=lambda: reach.listens(ports.mqtt_server),
        is_engine=True,
        reload_on=(folder / "passwords",),
    )


def program() -> str:
    """Return mosquitto's path; Debian keeps it in /usr/sbin, off a plain user's PATH."""
    return next(
        (path for path in ("/usr/sbin/mosquitto", "/usr/bin/mosquitto") if Path(path).exists()),
        "mosquitto",
    )


def admit(home: Home, accounts: Iterable[Account]) -> bool:
    """Let exactly these devices in by their door; return whether that changed anything.

    The supervisor tells the broker to read the files again when the password file
    changes, therefore the access list is written first.
    """
    known = sorted(accounts, key=lambda account: account.device_id)
    written = "".join(f"{a.device_id}:{_hashed(a.device_id, a.password)}\n" for a in known)
    folder = home.folder("broker")
    access = _access_list(known)
    if _holds(folder / "passwords", written) and _holds(folder / "access", access):
        return False
    write_whole(folder / "access", access.encode())
    write_whole(folder / "passwords", written.encode())
    return True


def _holds(path: Path, text: str) -> bool:
    return path.exists() and path.read_text() == text


def _configuration(folder: Path, ports: Ports) -> str:
    return f"""\
# Written at every start by infra/one_machine/broker.py.
user {getpass.getuser()}
per_listener_settings true
set_tcp_nodelay true
persistence false
max_packet_size 131072
max_inflight_messages {AT_ONCE}
max_inflight_bytes {AT_ONCE_BYTES}
max_queued_messages {MOST_QUEUED}
max_queued_bytes {MOST_QUEUED_BYTES}
log_dest stderr
log_type error
log_type warning
log_type notice
listener {ports.mqtt_server} 127.0.0.1
allow_anonymous false
password_file {folder / "server-passwords"}
listener {ports.mqtt} 127.0.0.1
allow_anonymous false
use_username_as_clientid true
password_file {folder / "passwords"}
acl_file {folder / "access"}
"""


def _access_list(accounts: Iterable[Account]) -> str:
    lines: list[str] = []
    for account in accounts:
        own = f"linli/v1/{account.community_id}/{account.device_id}"
        lines += ["", f"user {account.device_id}"]
        lines += [f"topic read {own}/{leaf}" for leaf in DEVICE_READS]
        lines += [f"topic write {own}/{leaf}" for leaf in DEVICE_WRITES]
    return "\n".join(lines) + "\n"


def _hashed(user: str, password: str) -> str:
    """Return mosquitto's `$7$` form; the salt is derived, so that the file stays the same."""
    salt = hashlib.sha256(f"{user}\x1f{password}".encode()).digest()[:12]
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ROUNDS, 64)
    return f"$7${ROUNDS}${b64encode(salt).decode()}${b64encode(digest).decode()}"


def environment(ports: Ports, server_password: str) -> Mapping[str, str]:
    """Return where the broker is, which carries commands unless the user chose another bus.

    What devices say is heard from this broker in any case.
    """
    address = f"mqtt://{SERVER}:{server_password}@127.0.0.1:{ports.mqtt_server}"
    return {
        "LINLI_BROKER_URL": address,
        "LINLI_COMMAND_BUS": os.environ.get("LINLI_COMMAND_BUS", "mqtt"),
        "LINLI_COMMAND_BUS_URL": os.environ.get("LINLI_COMMAND_BUS_URL", address),
    }
