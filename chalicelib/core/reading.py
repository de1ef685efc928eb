"""Rows of several tables in one call, where each alone would cost a round trip."""

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.core.errors import Unavailable
from chalicelib.core.table import Row, connection, may_be_keyed

TRIES: Final = 4
"""How often what DynamoDB left unread is asked for again."""


@dataclass(frozen=True)
class Wish:
    """A row that is wanted, by its key."""

    row: type[Row]
    hash_key: str
    range_key: str | None = None

    @property
    def key(self) -> dict[str, dict[str, str]]:
        """Return the key as DynamoDB takes it; keys of ours are texts."""
        names = (self.row._hash_keyname, self.row._range_keyname)  # noqa: SLF001 -- its own keys
        said = zip(names, (self.hash_key, self.range_key), strict=True)
        return {name: {"S": value} for name, value in said if name and value is not None}


def at_once(*wishes: Wish) -> list[Any]:
    """Return the live rows of these keys, None for what is not there: one call, consistent.

    The rows are of different moments (BatchGetItem): what must hold of them together is a
    condition of the commit (`outbox.Given`). A key that DynamoDB does not take names nothing.
    Raises Unavailable `storage_busy` if it goes on leaving some unread.
    """
    asked = [wish for wish in wishes if may_be_keyed(wish.hash_key, wish.range_key)]
    found = _read(asked) if asked else {}
    rows = [found.get(_name(wish.row.Meta.table_name, wish.key)) for wish in wishes]
    made = [
        wish.row.from_raw_data(item) if item else None
        for wish, item in zip(wishes, rows, strict=True)
    ]
    return [row if row is not None and row.is_live() else None for row in made]


def _read(wishes: list[Wish]) -> dict[str, dict[str, Any]]:
    keys: dict[str, list[Any]] = {}
    for wish in wishes:
        of_table = keys.setdefault(wish.row.Meta.table_name, [])
        if wish.key not in of_table:
            of_table.append(wish.key)
    left: Mapping[str, Any] = {
        name: {"Keys": some, "ConsistentRead": True} for name, some in keys.items()
    }
    names = {name: list(some[0]) for name, some in keys.items()}
    found: dict[str, dict[str, Any]] = {}
    for attempt in range(TRIES):
        reply = connection().dispatch("BatchGetItem", {"RequestItems": left})
        for name, items in reply["Responses"].items():
            found |= {_name(name, {key: item[key] for key in names[name]}): item for item in items}
        left = reply.get("UnprocessedKeys") or {}
        if not left:
            return found
        time.sleep(random.uniform(0, 0.02) * 2**attempt)  # noqa: S311 -- jitter, no secret
    raise Unavailable("storage_busy", "系统繁忙，请稍后再试")


def _name(table: str, key: Mapping[str, Any]) -> str:
    return "\x00".join((table, *(value["S"] for _, value in sorted(key.items()))))
