"""The demo estate: its places, people and devices made, and sign-ins for every role.

Made through the use cases that a real estate is made through, so that it can do nothing a
real one cannot; who and what it has stands in `demo_town`. Safe to run at every start: what
exists is left alone.
"""

import csv
import io
import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from chalicelib.core import outbox
from chalicelib.core.auth import Caller
from chalicelib.core.config import settings
from chalicelib.core.errors import Conflict
from chalicelib.core.table import tenant_key
from chalicelib.identity import public as identity
from chalicelib.identity.events import ImportAccepted
from chalicelib.identity.rules.organisation import Body, Level
from chalicelib.identity.rules.sheets import COLUMNS, RESIDENTS, ROOMS
from chalicelib.identity.service import importing, people, posts
from chalicelib.identity.service.organisation import Place
from chalicelib.identity.tables.organisation import Attachment, Community, Node
from chalicelib.identity.tables.people import Person
from infra.one_machine import demo_install, demo_votes
from infra.one_machine.demo_devices import GATES
from infra.one_machine.demo_town import (
    BODIES,
    COUNTY,
    ESTATES,
    HEYUAN,
    NODES,
    OFFICIALS,
    ROLES,
    Estate,
    Official,
    Resident,
)
from infra.one_machine.environment import TOKEN_KEY_ID, token_key
from infra.one_machine.home import Home

LIVED_IN = 10
"""Of so many rooms one has a resident from the start, so that a first run is not long."""

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
    "county": COUNTY,
    "estates": {estate.community_id: estate.path for estate in ESTATES},
    "unmanaged_community": "meiyuan",
}


def ensure(home: Home) -> None:
    """Make what is missing of the town and write `<state>/demo.json`."""
    for level, path, name in NODES:
        _plant(level, path, name)
    for estate in ESTATES:
        _found(estate)
    for org_id, body, name, path in BODIES:
        _attach(org_id, body, name, path)
    for number, official in enumerate(OFFICIALS):
        _employ(official, f"1370000{number:04}")
    installed = [one for estate in ESTATES for one in estate.installed]
    demo = {
        "base_url": os.environ["LINLI_BASE_URL"],
        "mqtt": os.environ["LINLI_DEVICES_MQTT_URL"],
        "community_id": HEYUAN.community_id,
        "tokens": dict(_tokens(home, int(time.time()))),
        "devices": [demo_install.shown(one) for one in installed],
        "ids": {**IDS, "vote": demo_votes.ensure()},
    }
    home.remember("demo", demo)


def _plant(level: Level, path: str, name: str) -> None:
    parent, _, node_id = path.rpartition("/")
    if Node.find(COUNTY, node_id) is None:
        _once(lambda: identity.plant(level, name, parent=parent, node_id=node_id))


def _attach(org_id: str, body: Body, name: str, path: str) -> None:
    node_id = path.rpartition("/")[2]
    scope = node_id if path in {estate.path for estate in ESTATES} else COUNTY
    if Attachment.find(tenant_key(scope, node_id), org_id) is None:
        _once(lambda: identity.attach(body, name, path=path, org_id=org_id))


def _found(estate: Estate) -> None:
    community = estate.community_id
    if Community.find(community) is None:
        parent = estate.path.rpartition("/")[0]
        _once(lambda: identity.found_community(community, estate.name, parent=parent))
    for unit_id, at in estate.named.items():
        if not identity.answerers(community, unit_id):
            _add_unit(community, unit_id, at)
    for number, resident in enumerate(estate.residents):
        _settle(community, resident, f"138{ESTATES.index(estate)}{number:07}")
    _fill(estate)
    demo_install.ensure(community, estate.installed)


def _add_unit(community_id: str, unit_id: str, at: Place) -> None:
    name = f"{at.building}{at.room}室"
    _once(lambda: identity.add_unit(community_id, unit_id, name, at=at))


def _settle(community_id: str, new: Resident, phone: str) -> None:
    _register(community_id, new.subject_id, new.name, phone)
    if people.tie_of(community_id, new.unit_id, new.subject_id) is None:
        _once(
            lambda: identity.move_in(
                community_id, new.unit_id, new.subject_id, new.tie, guardian_id=new.guardian_id
            )
        )


def _fill(estate: Estate) -> None:
    """Import the other rooms; one that was killed half-way is written to its end."""
    community = estate.community_id
    row = Community.find(community)
    assert row is not None, community
    import_id = row.import_id or importing.accept(_manager(community), _sheets(estate)).import_id
    identity.write_import(ImportAccepted(community, import_id))


def _manager(community_id: str) -> Caller:
    return Caller("demo", community_id, "property", ("property_manager",), 2**40)


def _sheets(estate: Estate) -> dict[str, bytes]:
    rooms = list(estate.rooms())
    lived_in = rooms[::LIVED_IN]
    return {
        ROOMS: _csv(
            ROOMS,
            ((at.building, at.entrance, at.room, f"{at.area / 100:.2f}") for at in rooms),
        ),
        RESIDENTS: _csv(
            RESIDENTS,
            (
                (*(at.building, at.entrance, at.room), f"住户{n}", f"139{n:08}", "", "业主", "")
                for n, at in enumerate(lived_in, 1_000 * ESTATES.index(estate))
            ),
        ),
    }


def _csv(sheet: str, rows: Iterable[Iterable[str]]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows([COLUMNS[sheet].values(), *rows])
    return written.getvalue().encode()


def _register(community_id: str, person_id: str, name: str, phone: str) -> None:
    if Person.find(community_id, person_id) is None:
        rows = people.new_person(community_id, person_id, name=name, phone=phone)
        _once(lambda: outbox.commit(*rows))


def _employ(official: Official, phone: str) -> None:
    tenant = official.community_id or COUNTY
    _register(tenant, official.subject_id, official.name, phone)
    if not posts.held_by(official.subject_id):
        rows = posts.rows(
            official.subject_id, official.role, [official.node_path], org_id=official.org_id
        )
        _once(lambda: outbox.commit(*rows))


def _once(make: Callable[[], object]) -> None:
    try:
        make()
    except Conflict:
        return  # a run that was killed half-way made it


def _tokens(home: Home, at: int) -> Iterator[tuple[str, str]]:
    """Yield a sign-in for everybody by name, and for every role by the role's name."""
    import jwt  # noqa: PLC0415 -- loads cryptography; the supervisor imports this package too

    key, headers = token_key(home), {"kid": TOKEN_KEY_ID}
    names = {older: role for role, older in ROLES.items()}
    for name, claims in (*_residents(), *_officials()):
        times = {"iss": settings().token_issuer, "iat": at, "exp": at + settings().token_longest_s}
        token = jwt.encode({**claims, **times}, key, "EdDSA", headers)
        yield name, token
        if name in names:
            yield names[name], token


def _residents() -> Iterator[tuple[str, dict[str, Any]]]:
    for estate in ESTATES:
        for person in estate.residents:
            yield (
                person.token,
                {
                    "aud": "linli:resident",
                    "sub": person.subject_id,
                    "community": estate.community_id,
                    "node": estate.path,
                    "roles": ["resident"],
                },
            )


def _officials() -> Iterator[tuple[str, dict[str, Any]]]:
    for official in OFFICIALS:
        claims: dict[str, Any] = {
            "aud": f"linli:{official.audience}",
            "sub": official.subject_id,
            "node": official.node_path,
            "roles": [official.role],
        }
        claims |= {"community": official.community_id} if official.community_id else {}
        claims |= {"org": official.org_id} if official.org_id else {}
        yield official.token, claims
