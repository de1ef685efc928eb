"""Route × role × foreign id, made from the routes themselves (SECURITY.md 1 and 2, I11).

Two estates under two counties in a store of their own. In the foreign one stands at least
one object of every kind that a route can name; the callers are of the other.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    JSONAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)

from chalicelib.access.tables.calls import CallRow
from chalicelib.alerts.tables import Alert, Notification
from chalicelib.core import clock, outbox, tokens, web
from chalicelib.core.permissions import AUDIENCES, PERMISSIONS
from chalicelib.core.table import Row, tenant_key
from chalicelib.devices import public as devices
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.tables.commands import Command
from chalicelib.devices.tables.faults import DeviceFault
from chalicelib.devices.tables.health import DeviceHealth
from chalicelib.identity import public as identity
from chalicelib.identity.rules.organisation import Body, Level
from chalicelib.identity.rules.people import Tie
from chalicelib.identity.service import bodies, organisation, people, posts, staff
from chalicelib.identity.tables.audits import Disclosure
from chalicelib.identity.tables.consents import Consent, ConsentStanding
from chalicelib.identity.tables.imports import ImportJob
from chalicelib.identity.tables.people import Binding
from chalicelib.identity.tables.sessions import Session
from tests.invariants import doors, garage, votes_there

ABOVE = {"county_officer": 1, "street_officer": 2, "neighbourhood_officer": 3, "grid_worker": 3}
"""How many steps of the path an officer's node has; administrators stand at the county."""

COMPANY = "org_both"
"""It serves both estates: what it may in the one gives it nothing in the other."""

NAME, PHONE = "外人", "13900009999"
TELLING = (NAME, "外*", PHONE, "139****9999")
"""Of the resident who stands in the foreign estate: in the clear, and masked."""

LONG = 4 * 10**9
"""An end far away, in seconds."""

BLANKS: tuple[tuple[type[Any], Any], ...] = (
    (UnicodeSetAttribute, {"x"}),
    (JSONAttribute, []),
    (ListAttribute, []),
    (BooleanAttribute, False),
    (NumberAttribute, LONG),
    (BinaryAttribute, b"x"),
    (UnicodeAttribute, "x"),
)


@dataclass(frozen=True)
class Estate:
    """One community and where it stands."""

    community: str
    path: str

    @property
    def county(self) -> str:
        return self.path.partition("/")[0]

    def token(self, role: str, resident: str = "per_resident") -> str:
        """Sign in somebody of this role where such a role belongs."""
        audience, depth = AUDIENCES[role], ABOVE.get(role, 1)
        above = audience == "government"
        path = "/".join(self.path.split("/")[:depth]) if above else self.path
        community = "" if above else self.community
        person = resident if role == "resident" else f"per_{role}"
        bearer = tokens.Bearer(person, community, audience, (role,), path, f"ses_{role}", COMPANY)
        return tokens.signed(bearer, clock.now())

    def session(self, role: str, resident: str) -> Row:
        """Return a session of somebody of this role; all have one id, under their own keys."""
        tenant = self.county if AUDIENCES[role] == "government" else self.community
        person = resident if role == "resident" else f"per_{role}"
        return planted(
            Session,
            subject_key=tenant_key(tenant, person),
            session_id="foreign-session",
            person_id=person,
            audience=AUDIENCES[role],
        )


def found(name: str) -> Estate:
    """Found an estate under a county of its own."""
    county = organisation.plant(Level.COUNTY, f"{name}区", node_id=f"{name}-county")
    street = organisation.plant(Level.STREET, "街道", parent=county, node_id=f"{name}-street")
    below = organisation.plant(
        Level.NEIGHBOURHOOD, "社区", parent=street, node_id=f"{name}-neighbourhood"
    )
    identity.found_community(name, name, parent=below)
    return Estate(name, f"{below}/{name}")


def furnish(there: Estate) -> dict[str, Any]:
    """Put one object of each kind into an estate; return what each is called by."""
    who = people.register_person(there.community, name=NAME, phone=PHONE)
    people.register_person(there.community, name="外客", person_id="foreign-wisher")
    identity.add_unit(there.community, "foreign-unit", "外1")
    identity.move_in(there.community, "foreign-unit", who, Tie.OWNER)
    devices.enrol(
        there.community,
        Kind.GATE,
        place_id="foreign-gate",
        name="外门",
        device_id="foreign-gate",
        node_path=there.path,
    )
    devices.attach(there.community, "foreign-gate", devices.AdapterWish("hikvision_access"))
    account = staff.open_account("foreign-guard", there.path)
    bodies.attach(Body.COMPANY, "外业", path=there.path, org_id=COMPANY)
    held = posts.rows(account.person_id, "worker", [there.path], org_id=COMPANY)
    outbox.commit(*held, *_objects(there, who))
    outbox.commit(*garage.garage(there.community, who, planted))
    outbox.commit(*(there.session(role, who) for role in PERMISSIONS))
    second = there.path.rpartition("/")[0]
    identity.found_community("there-too", "there-too", parent=second)
    return {
        "person_id": who,
        "subject_id": who,
        "for_person": who,
        "guardian_id": who,
        "unit_id": "foreign-unit",
        "device_id": "foreign-gate",
        "key_id": "k1",
        "login": account.login,
        "session_id": "foreign-session",
        "org_id": COMPANY,
        "community_id": there.community,
        **dict.fromkeys(("path", "parent", "node_path", "under"), there.path),
        "paths": [there.path, f"{second}/there-too"],
        **votes_there.NAMES,
        **{f"{kind}_id": f"foreign-{kind}" for kind in OBJECTS},
    }


OBJECTS = (
    *garage.OBJECTS,
    "credential",
    *("opening", "desk", "block", "pass"),
    *("call", "alert", "binding", "import", "consent", "disclosure", "command", "fault", "review"),
    *("vote", "objection", "petition", "cast"),
    *("slate", "candidacy", "bid", "option", "committee", "survey"),
)


def _objects(there: Estate, who: str) -> list[Row]:
    community, unit, key = there.community, "foreign-unit", tenant_key(there.community, who)
    purpose = "face_recognition"
    given: list[tuple[type[Row], dict[str, Any]]] = [
        (
            CallRow,
            {
                "call_key": tenant_key(community, "foreign-call"),
                "unit_id": unit,
                "rung_by": who,
                "state": "RINGING",
            },
        ),
        (Alert, {"alert_id": "foreign-alert", "state": "DETECTED", "score": 0.9}),
        (Notification, {}),
        (
            Binding,
            {
                "binding_id": "foreign-binding",
                "unit_key": tenant_key(community, unit),
                "unit_id": unit,
                "person_id": "foreign-wisher",
                "tie": "tenant",
                "state": "PENDING",
            },
        ),
        (ImportJob, {"import_id": "foreign-import", "state": "RUNNING"}),
        (Consent, {"person_key": key, "purpose": purpose, "decision": "given"}),
        (ConsentStanding, {"person_key": key, "purpose": purpose, "state": "given"}),
        (
            Disclosure,
            {"disclosure_id": "foreign-disclosure", "state": "asked", "node_path": there.path},
        ),
        *_of_a_device(community),
        *votes_there.objects(community, who),
        *doors.of_doors(community, there.path, who),
    ]
    said = {"community_id": community, "consent_id": "foreign-consent", "answerers": {who}}
    said |= {"person_id": who, "subject_id": who}
    return [planted(kind, **{**_known(kind, said), **more}) for kind, more in given]


def _of_a_device(community: str) -> list[tuple[type[Row], dict[str, Any]]]:
    """Return a gate's command, its health, and its open order."""
    gate = {"device_key": tenant_key(community, "foreign-gate"), "device_id": "foreign-gate"}
    at = clock.epoch_ms(clock.now())
    return [
        (
            Command,
            {
                **gate,
                "command_id": "foreign-command",
                "op": "gate.open",
                "state": "DONE",
                "payload": '{"args": {}}',
            },
        ),
        (
            DeviceHealth,
            {
                **gate,
                "kind": Kind.GATE.value,
                "watched_since": at,
                "courses": {"clock": _fault(at)},
            },
        ),
        (
            DeviceFault,
            {
                "device_key": tenant_key(community, "foreign-gate"),
                "fault_id": "foreign-fault",
                "state": "TICKETED",
            },
        ),
    ]


def _fault(at: int) -> dict[str, Any]:
    """Return the course of an open order, as the health of its device holds it."""
    order = {"order": "foreign-fault", "opened_at": at, "reminded_at": at}
    return {"fault": "clock", "state": "TICKETED", "since": at, "until": 10**15, **order}


def _known(kind: type[Row], said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name in kind.get_attributes()}


def planted(kind: type[Row], /, **given: Any) -> Row:
    """Return a row with something in every column that must have something."""
    for name, attribute in kind.get_attributes().items():
        if name in given or attribute.null or attribute.default is not None or name == "version":
            continue
        given[name] = next(blank for type_, blank in BLANKS if isinstance(attribute, type_))
    return kind(**given)


# -- requests, made from the routes ------------------------------------------------------------


@dataclass(frozen=True)
class Request:
    """A request that names foreign objects wherever its route takes the name of one."""

    method: str
    path: str
    body: Any
    foreign: frozenset[str] = field(default_factory=frozenset)


def routes() -> list[web.Route]:
    """Return every route that people call."""
    import app  # noqa: F401, PLC0415 -- registers them

    found = [route for route in web.ROUTES if route.audience in web.PEOPLE]
    return sorted(found, key=lambda route: (route.path, route.method))


def roles() -> Iterator[str]:
    """Yield every role there is."""
    yield from PERMISSIONS


NAMES = frozenset(
    {"person_id", "subject_id", "for_person", "guardian_id", "unit_id", "login", "session_id"}
    | {"community_id", "org_id", "path", "parent", "node_path", "under", "paths"}
    | {"device_id", "key_id"}
    | {f"{kind}_id" for kind in OBJECTS}
    | set(votes_there.NAMES)
)
"""Path parameters and fields that name an object: what `furnish` returns."""


def names_something(route: web.Route) -> bool:
    """Return whether a request of this route names an object."""
    return bool(request(route, dict.fromkeys(NAMES, "x")).foreign)


def request(route: web.Route, foreign: Mapping[str, Any]) -> Request:
    """Return a well-formed request; KeyError for a path parameter that nobody furnished."""
    named = frozenset(re.findall(r"{(\w+)}", route.path))
    path = re.sub(r"{(\w+)}", lambda found: str(foreign[found[1]]), route.path)
    used: set[str] = set(named)
    body = query = None
    if "body" in route.takes and route.takes["body"] is not None:
        body = _filled(route.takes["body"].model_json_schema(), foreign, used)
    if "query" in route.takes:
        query = _filled(route.takes["query"].model_json_schema(), foreign, used)
        path += f"?{urlencode(query)}"
    return Request(route.method, path, body, frozenset(used))


def _filled(schema: Any, foreign: Mapping[str, Any], used: set[str]) -> dict[str, Any]:
    """Return an object of a schema: foreign names where it takes names, else what it must have."""
    required, defs = schema.get("required", ()), schema.get("$defs", {})
    made: dict[str, Any] = {}
    for name, said in schema.get("properties", {}).items():
        if name in foreign:
            used.add(name)
            made[name] = foreign[name]
        elif name in required or name in WORDS:
            made[name] = WORDS.get(name) or _value(said, defs)
    return made


WORDS: dict[str, Any] = {
    "purpose": None,
    "ticket": "WO-1",
    "level": "building",
    "building": "1号楼",
    "role": "worker",
    "starts": clock.now().isoformat(),
    "ends": (clock.now() + timedelta(hours=4)).isoformat(),
    "ends_at": (clock.now() + timedelta(hours=4)).isoformat(),
    "since": clock.now().isoformat(),
    "until": (clock.now() + timedelta(hours=4)).isoformat(),
    "phone_code": "x",
    "document_sha256": "0" * 64,
    "sha256": "0" * 64,
    "text_sha256": "0" * 64,
    "case_number": "A-2026-1",
    "document_number": "D-2026-1",
}
"""What a schema's own words do not tell."""


def _value(said: Any, defs: Mapping[str, Any]) -> Any:
    if "$ref" in said:
        said = defs[said["$ref"].rpartition("/")[2]]
    for one in said.get("anyOf", ()):
        if one.get("type") != "null":
            return _value(one, defs)
    if "const" in said or "enum" in said or "examples" in said:
        return said.get("const") or (said.get("enum") or said["examples"])[0]
    if said["type"] == "array":
        return [_value(said["items"], defs)]
    plain = {"string": "x" * max(1, said.get("minLength", 1)), "boolean": True}
    return plain.get(said["type"], said.get("minimum", 1))
