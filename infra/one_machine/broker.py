"""mosquitto: the MQTT broker, with a password and an access list per device.

Devices and servers enter by separate listeners. Through the devices' one the client id is
the user name, so that no device can throw another off by taking its id.
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

DEVICE_READS = ("cmd", "time")
DEVICE_WRITES = ("ack", "hello", "evt", "tel", "state")


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
        admit(home, server_password, ())
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


def admit(home: Home, server_password: str, accounts: Iterable[Account]) -> bool:
    """Let exactly these devices in, and the server; return whether that changed anything.

    The supervisor tells the broker to read the files again when the password file
    changes, therefore the access list is written first.
    """
    known = sorted(accounts, key=lambda account: account.device_id)
    passwords = {SERVER: server_password} | {a.device_id: a.password for a in known}
    written = "".join(f"{user}:{_hashed(user, word)}\n" for user, word in passwords.items())
    folder = home.folder("broker")
    if (folder / "passwords").exists() and (folder / "passwords").read_text() == written:
        return False
    write_whole(folder / "access", _access_list(known).encode())
    write_whole(folder / "passwords", written.encode())
    return True


def _configuration(folder: Path, ports: Ports) -> str:
    return f"""\
# Written at every start by infra/one_machine/broker.py.
user {getpass.getuser()}
allow_anonymous false
password_file {folder / "passwords"}
acl_file {folder / "access"}
set_tcp_nodelay true
persistence false
max_packet_size 131072
max_queued_messages 1000
log_dest stderr
log_type error
log_type warning
log_type notice
listener {ports.mqtt_server} 127.0.0.1
listener {ports.mqtt} 127.0.0.1
use_username_as_clientid true
"""


def _access_list(accounts: Iterable[Account]) -> str:
    lines = [f"user {SERVER}", "topic readwrite linli/v1/#"]
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
    """Return what tells our server where the broker is."""
    return {
        "LINLI_COMMAND_BUS": "mqtt",
        "LINLI_MQTT_URL": f"mqtt://{SERVER}:{server_password}@127.0.0.1:{ports.mqtt_server}",
    }
