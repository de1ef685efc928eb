"""The demo estate: two communities, their people and devices, and sign-ins for all of them.

Made through the use cases that a real estate is made through, so that it can do nothing a
real one cannot. Safe to run at every start: what exists is left alone.
"""

import base64
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from chalicelib.core.config import settings
from chalicelib.core.errors import Conflict
from chalicelib.devices import public as devices
from chalicelib.devices.public import Kind
from chalicelib.identity import public as identity
from chalicelib.identity.rules import Tie
from chalicelib.identity.tables import Community
from infra.one_machine.broker import Account
from infra.one_machine.environment import TOKEN_KEY_ID, token_key
from infra.one_machine.home import Home

GATES = 20
"""As many as the tap benchmark commands at once."""

SIGNED_IN_FOR_S = 30 * 86_400


@dataclass(frozen=True)
class Person:
    """Somebody with a sign-in: `name` is the key of their token in demo.json."""

    name: str
    subject_id: str
    audience: str
    role: str
    unit_id: str = ""
    tie: Tie = Tie.OWNER


@dataclass(frozen=True)
class Installed:
    """A device and where it stands."""

    device_id: str
    kind: Kind
    place_id: str
    name: str


@dataclass(frozen=True)
class Estate:
    """One community with everything in it."""

    community_id: str
    name: str
    units: dict[str, str]
    people: tuple[Person, ...]
    installed: tuple[Installed, ...]


HEYUAN = Estate(
    community_id="heyuan",
    name="和苑",
    units={"heyuan-1-101": "1号楼101室", "heyuan-1-102": "1号楼102室"},
    people=(
        Person("resident", "person-lin", "resident", "resident", "heyuan-1-101"),
        Person("housemate", "person-zhou", "resident", "resident", "heyuan-1-101", Tie.FAMILY),
        Person("second_resident", "person-chen", "resident", "resident", "heyuan-1-102"),
        Person("property", "person-wang", "property", "property_manager"),
        Person("committee", "person-zhao", "committee", "committee_member"),
        Person("government", "person-sun", "government", "community_officer"),
    ),
    installed=(
        Installed("heyuan-panel-1", Kind.PANEL, "heyuan-entrance-01", "东门可视门口机"),
        Installed("heyuan-lift-camera-1", Kind.LIFT_CAMERA, "heyuan-lift-1", "1号梯轿厢摄像机"),
        Installed("heyuan-lift-1", Kind.LIFT_CONTROLLER, "heyuan-lift-1", "1号梯控制器"),
        *(
            Installed(
                f"heyuan-gate-{number:02}",
                Kind.GATE,
                "heyuan-entrance-01",
                f"{number}号门",
            )
            for number in range(1, GATES + 1)
        ),
        Installed("heyuan-west-gate-01", Kind.GATE, "heyuan-entrance-02", "西门"),
    ),
)

LINYUAN = Estate(
    community_id="linyuan",
    name="林苑",
    units={"linyuan-1-101": "1号楼101室"},
    people=(
        Person("foreign_resident", "person-he", "resident", "resident", "linyuan-1-101"),
        Person("foreign_property", "person-gao", "property", "property_manager"),
    ),
    installed=(
        Installed("linyuan-panel-1", Kind.PANEL, "linyuan-entrance-01", "南门可视门口机"),
        Installed("linyuan-gate-01", Kind.GATE, "linyuan-entrance-01", "南门"),
    ),
)

IDS: dict[str, Any] = {
    "unit": "heyuan-1-101",
    "second_unit": "heyuan-1-102",
    "resident": "person-lin",
    "second_resident": "person-chen",
    "panel": "heyuan-panel-1",
    "gate": "heyuan-gate-01",
    "second_gate": "heyuan-west-gate-01",
    "gates": [f"heyuan-gate-{number:02}" for number in range(1, GATES + 1)],
    "camera": "heyuan-lift-camera-1",
    "lift": "heyuan-lift-1",
    "lift_controller": "heyuan-lift-1",
    "lift_place": "heyuan-lift-1",
    "foreign_community": "linyuan",
    "foreign_unit": "linyuan-1-101",
    "foreign_panel": "linyuan-panel-1",
    "foreign_gate": "linyuan-gate-01",
}


def ensure(home: Home) -> None:
    """Make what is missing of both communities and write `<state>/demo.json`."""
    for estate in (HEYUAN, LINYUAN):
        _found(estate)
    demo = {
        "base_url": os.environ["LINLI_BASE_URL"],
        "mqtt": os.environ["LINLI_DEVICES_MQTT_URL"],
        "community_id": HEYUAN.community_id,
        "tokens": dict(_tokens(home, int(time.time()))),
        "devices": [_shown(i.device_id) for e in (HEYUAN, LINYUAN) for i in e.installed],
        "ids": IDS,
    }
    home.remember("demo", demo)


def accounts() -> list[Account]:
    """Return every enrolled device as the broker knows it."""
    return [
        Account(one.device_id, one.community_id, devices.mqtt_password(base64.b64decode(one.key)))
        for one in devices.accounts()
    ]


def _found(estate: Estate) -> None:
    if Community.find(estate.community_id) is None:
        _once(lambda: identity.found_community(estate.community_id, estate.name))
    for installed in estate.installed:
        if devices.account(installed.device_id) is None:
            _install(estate.community_id, installed)
    for unit_id, name in estate.units.items():
        if not identity.answerers(estate.community_id, unit_id):
            _furnish(estate, unit_id, name)


def _furnish(estate: Estate, unit_id: str, name: str) -> None:
    """Register a flat and its people; a run that was killed half-way is completed."""
    community = estate.community_id
    _once(lambda: identity.add_unit(community, unit_id, name))
    for person in reversed([p for p in estate.people if p.unit_id == unit_id]):
        _move_in(community, person)


def _move_in(community_id: str, person: Person) -> None:
    _once(lambda: identity.move_in(community_id, person.unit_id, person.subject_id, person.tie))


def _install(community_id: str, new: Installed) -> None:
    _once(
        lambda: devices.enrol(
            community_id, new.kind, place_id=new.place_id, name=new.name, device_id=new.device_id
        )
    )


def _once(make: Callable[[], object]) -> None:
    try:
        make()
    except Conflict:
        return  # a run that was killed half-way made it


def _shown(device_id: str) -> dict[str, str]:
    known = devices.account(device_id)
    assert known is not None, device_id
    return {
        "id": device_id,
        "kind": known.kind,
        "key_id": known.key_id,
        "key": known.key,
        "community_id": known.community_id,
        "place_id": known.place_id,
        "mqtt_user": device_id,
    }


def _tokens(home: Home, at: int) -> Iterator[tuple[str, str]]:
    import jwt  # noqa: PLC0415 -- loads cryptography; the supervisor imports this package too

    for estate in (HEYUAN, LINYUAN):
        for person in estate.people:
            claims = {
                "iss": settings().token_issuer,
                "aud": f"linli:{person.audience}",
                "sub": person.subject_id,
                "community": estate.community_id,
                "roles": [person.role],
                "iat": at,
                "exp": at + SIGNED_IN_FOR_S,
            }
            headers = {"kid": TOKEN_KEY_ID}
            yield person.name, jwt.encode(claims, token_key(home), "EdDSA", headers)
