"""Canonical bytes and what is hashed from them: roll root, rules hash, commitments (LAW.md 1.7)."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

Json: TypeAlias = "str | int | Sequence[Json] | Mapping[str, Json]"
"""What can be made canonical: no floats, no booleans, no null."""

NONCE = 32
"""Bytes of a ballot's nonce: without it a commitment is undone by trying each choice."""

_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def canon(value: Json) -> bytes:
    """Return UTF-8 JSON with keys sorted by code point, no spaces, ints only.

    Raises ValueError for anything else, and for text that is no Unicode.
    """
    _check(value)
    return _encode(value).encode()


def _check(value: object) -> None:
    kind = type(value)
    if kind is dict and isinstance(value, dict):
        for key, inner in value.items():
            if type(key) is not str:
                raise ValueError(f"a key is text, not {key!r}")
            _check(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _check(inner)
    elif kind is not int and not isinstance(value, str):
        raise ValueError(f"{value!r} has no canonical form")


def sha256(*parts: bytes) -> bytes:
    """Return the digest of the parts, joined."""
    return hashlib.sha256(b"".join(parts)).digest()


def merkle_root(leaves: Iterable[bytes]) -> bytes:
    """Return the Merkle tree hash of RFC 6962, 2.1 (SHA-256; prefixes 00 and 01)."""
    level = [sha256(b"\x00", leaf) for leaf in leaves]
    if not level:
        return sha256()
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        last = level[-1:] if len(level) % 2 else []
        level = [sha256(b"\x01", left, right) for left, right in pairs] + last
    return level[0]


def roll_line(group: str, units: Iterable[str], area: int) -> dict[str, Json]:
    """Return a head group as the roll shows it: its units, its area in 0.01 m², its one head.

    Raises ValueError for a group without units or area.
    """
    listed = sorted(units)
    if not (group and listed and area > 0):
        raise ValueError(f"group {group!r} needs units and an area, not {listed} and {area}")
    return {"group": group, "units": listed, "area": area, "head": 1}


def roll_root(lines: Iterable[Mapping[str, Json]]) -> str:
    """Return the root that binds the roll; lines are ordered by group.

    Raises ValueError for an empty roll, lines out of order, and a unit in two groups.
    """
    listed = list(lines)
    groups = [str(line["group"]) for line in listed]
    units = [unit for line in listed for unit in _units(line)]
    if not groups or groups != sorted(set(groups)):
        raise ValueError("a roll lists each group once, in order")
    if len(units) != len(set(units)):
        raise ValueError("a unit is in two groups of the roll")
    return merkle_root(map(canon, listed)).hex()


def _units(line: Mapping[str, Json]) -> Sequence[Json]:
    units = line["units"]
    assert isinstance(units, list)
    return units


def rules_hash(terms: Mapping[str, Json]) -> str:
    """Return the hash of the frozen terms: items, window, deeming, everything that was noticed."""
    return sha256(canon(terms)).hex()


def commitment(choice: Mapping[str, Json], nonce: bytes) -> str:
    """Return the seal of a choice, SHA256("OVC1|" ‖ canon(choice) ‖ nonce), in hex.

    Raises ValueError for a nonce that is not of 32 bytes.
    """
    if len(nonce) != NONCE:
        raise ValueError(f"a nonce has {NONCE} bytes, not {len(nonce)}")
    return sha256(b"OVC1|", canon(choice), nonce).hex()
