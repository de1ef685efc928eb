"""More gates and more adults at home than the demo estate has."""

from __future__ import annotations

from itertools import count

from chalicelib.core import clock, tokens
from chalicelib.devices import public as devices
from chalicelib.identity import public as identity
from chalicelib.identity.rules.people import Tie
from chalicelib.identity.service.organisation import Place
from tools.simulate.estate import Device, Estate
from tools.simulate.person import Person
from tools.simulate.signing import DeviceKey

_numbers = count()


def gates(estate: Estate, wanted: int) -> list[Device]:
    """Return so many gates at the estate's entrance: its own, and new ones."""
    own = [estate.device(gate_id) for gate_id in estate.ids["gates"]]
    first = own[0]
    path = identity.standing_at(estate.community_id, "")
    return own + [_gate(estate, first.place_id, path) for _ in range(wanted - len(own))]


FLAT = "bench-flat"
"""Where they live: nobody rings there, for each ring tells every adult's phone."""


def adults(estate: Estate, wanted: int) -> list[Person]:
    """Return so many signed-in adults of one flat: each phone has its own budget."""
    at = Place("1号楼", "1单元", "9901", 10_000)
    identity.add_unit(estate.community_id, FLAT, FLAT, at=at)
    return [_adult(estate, next(_numbers)) for _ in range(wanted)]


def _gate(estate: Estate, place_id: str, path: str) -> Device:
    made = devices.enrol(
        estate.community_id,
        devices.Kind.GATE,
        place_id=place_id,
        name="benchmark",
        node_path=path,
    )
    key = DeviceKey.from_text(made.device_id, made.key_id, made.key)
    return Device("gate", estate.community_id, key, made.device_id, "", place_id=place_id)


def _adult(estate: Estate, number: int) -> Person:
    person_id = f"bench-adult-{number}"
    community_id = estate.community_id
    identity.register_person(community_id, name="压测", person_id=person_id)
    identity.move_in(community_id, FLAT, person_id, Tie.FAMILY)
    path = identity.standing_at(community_id, "")
    bearer = tokens.Bearer(person_id, community_id, "resident", ("resident",), path, "ses_bench")
    return Person(estate.base_url, tokens.signed(bearer, clock.now()))
