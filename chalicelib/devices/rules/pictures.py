"""Pure rules of pictures that events name: a device shows what it uploaded, and nobody else's."""

from collections.abc import Iterator, Mapping
from typing import Any

NAMED_IN = ("photo", "picture", "pictures")
"""The fields of an event's data that name pictures: by key, by key and hash, several of those."""


def folder(community_id: str, device_id: str) -> str:
    """Return where a device's own pictures lie."""
    return f"{community_id}/stills/{device_id}"


def foreign(data: Mapping[str, Any], own: str) -> list[str]:
    """Return the fields that name a picture outside the device's own folder.

    What is no name of a picture at all is left to the type's schema.
    """
    keys = {name: list(_keys(data[name])) for name in NAMED_IN if name in data}
    return [
        name
        for name, found in keys.items()
        if not all(key.rpartition("/")[0] == own for key in found)
    ]


def _keys(named: object) -> Iterator[str]:
    if isinstance(named, str) and named:
        yield named
    elif isinstance(named, Mapping) and isinstance(named.get("key"), str):
        yield named["key"]
    elif isinstance(named, list):
        for one in named:
            yield from _keys(one) if isinstance(one, Mapping) else ()
