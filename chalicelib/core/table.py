"""Rows in DynamoDB: one base class, ONE shared client, optimistic locking on each row."""

import json
from collections.abc import Callable
from functools import lru_cache
from itertools import islice
from typing import Any, ClassVar, Self

from pynamodb.attributes import JSONAttribute, VersionAttribute
from pynamodb.connection.base import Connection
from pynamodb.connection.table import TableConnection
from pynamodb.exceptions import DoesNotExist, PutError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model
from pynamodb.pagination import ResultIterator

from chalicelib.core import aws, clock
from chalicelib.core.config import settings

LONGEST_HASH, LONGEST_RANGE = 2_048, 1_024
"""Bytes that DynamoDB takes for a key."""

READ_AT_ONCE, MOST_PAGES = 200, 5
"""How many rows of a filtered list are read at a time, and how often for one request."""

_rows: dict[str, type["Row"]] = {}


class _SharedConnection(Connection):
    """PynamoDB's connection over the process's own client; its default makes one per model."""

    @property
    def client(self) -> Any:
        """Return the one DynamoDB client of this process."""
        return aws.client("dynamodb")


@lru_cache(maxsize=1)
def connection() -> Connection:
    """Return the connection that every model and every transaction share."""
    return _SharedConnection()


class _SharedTable(TableConnection):
    """A table of the shared connection."""

    def __init__(self, name: str) -> None:
        self.table_name = name
        self.connection = connection()


class PlainJson(JSONAttribute):
    """JSON as UTF-8 text: escaped, a Chinese character would take six bytes, not three."""

    def serialize(self, value: Any) -> str:
        """Return compact JSON."""
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Row(Model):
    """A row of one aggregate's table.

    A subclass names its table in `class Meta: short = "calls"`, with `stream = True` if
    its inserts are streamed and `ttl = "expires"` if rows carry an end in epoch seconds.
    Saving a row that was read writes only if nobody else wrote since; saving a new one
    writes only if none is there (`version`).
    """

    short: ClassVar[str]
    version = VersionAttribute()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        declared = cls.__dict__["Meta"]
        declared.table_name = table_name(declared.short)
        declared.region = None
        declared.stream = getattr(declared, "stream", False)
        declared.ttl = getattr(declared, "ttl", None)
        cls.short = declared.short
        held = _rows.setdefault(declared.short, cls)
        if (held.__module__, held.__qualname__) != (cls.__module__, cls.__qualname__):
            raise TypeError(f"the table {declared.short!r} belongs to {held.__module__}")

    @classmethod
    def _get_connection(cls) -> TableConnection:
        if cls._connection is None:
            name = cls.Meta.table_name
            shared = _SharedTable(name)
            shared.connection.add_meta_table(cls._meta_table(name))
            cls._connection = shared
        return cls._connection

    @classmethod
    def _meta_table(cls, name: str) -> Any:
        from pynamodb.connection.base import MetaTable  # noqa: PLC0415 -- used once per model

        schema = cls._get_schema()
        return MetaTable(
            {
                "TableName": name,
                "KeySchema": schema["key_schema"],
                "AttributeDefinitions": schema["attribute_definitions"],
                "GlobalSecondaryIndexes": [
                    {"IndexName": index["index_name"], "KeySchema": index["key_schema"]}
                    for index in schema["global_secondary_indexes"]
                ],
                "LocalSecondaryIndexes": [],
            }
        )

    @classmethod
    def find(cls, hash_key: Any, range_key: Any = None, *, consistent: bool = True) -> Self | None:
        """Return the live row of this key, or None; one strongly consistent read by default.

        A key that DynamoDB does not take names nothing: an empty one (officers above estates
        have no community), and one that is longer than any of ours.
        """
        if not may_be_keyed(hash_key, range_key):
            return None
        try:
            row = cls.get(hash_key, range_key, consistent_read=consistent)
        except DoesNotExist:
            return None
        return row if row.is_live() else None

    @classmethod
    def kept(cls, hash_key: Any, range_key: Any = None) -> Self | None:
        """Return the row of this key even if its time is over and DynamoDB has it still."""
        try:
            return cls.get(hash_key, range_key, consistent_read=True)
        except DoesNotExist:
            return None

    @classmethod
    def first_of(
        cls, found: ResultIterator[Self], limit: int
    ) -> tuple[list[Self], dict[str, Any] | None]:
        """Return the first rows of a query, and the key to go on after; None at the end.

        Reads `MOST_PAGES` at the most: where a filter passes few rows, there may be fewer of
        them than `limit`, or none, before the end.
        """
        rows, pages = list[Self](), found.page_iter
        for page in islice(pages, MOST_PAGES):
            for at, item in enumerate(page["Items"], 1):
                rows.append(cls.from_raw_data(item))
                if len(rows) == limit and at < len(page["Items"]):
                    return rows, {name: item[name] for name in pages.key_names}
            if len(rows) == limit:
                break
        return rows, pages.last_evaluated_key

    def has_twin(self) -> bool:
        """Return whether a row of the same key is kept, live or over."""
        names = [name for name in (self._hash_keyname, self._range_keyname) if name]
        return type(self).kept(*(getattr(self, name) for name in names)) is not None

    def put_new(self) -> bool:
        """Save a row that must not exist yet; False if it does."""
        return _held(self.save)

    def changed(self, actions: list[Any], condition: Condition) -> bool:
        """Update the row if the condition holds; False if it does not."""
        if self.version is None:
            self.version = 0  # one more than it is: PynamoDB would set what was not read to 1
        return _held(lambda: self.update(actions, condition=condition, add_version_condition=False))

    def is_live(self) -> bool:
        """Return whether the row's time is not over: DynamoDB deletes late (LAW.md 3.2)."""
        end = getattr(self, ending) if (ending := getattr(self.Meta, "ttl", None)) else None
        return end is None or end > clock.now().timestamp()


def may_be_keyed(hash_key: Any, range_key: Any = None) -> bool:
    """Return whether DynamoDB takes these as a key: not an empty one, nor one too long."""
    return _may_be(hash_key, LONGEST_HASH) and _may_be(range_key, LONGEST_RANGE)


def _may_be(key: Any, longest: int) -> bool:
    return not isinstance(key, str) or 0 < len(key.encode("utf-8", "replace")) <= longest


def _held(write: Callable[[], Any]) -> bool:
    """Return whether a conditional write's condition held."""
    try:
        write()
    except (PutError, UpdateError) as refused:
        if refused.cause_response_code == "ConditionalCheckFailedException":
            return False
        raise
    return True


def _key(row: Row) -> dict[str, dict[str, Any]]:
    """Return a row's key as DynamoDB takes it, hash first."""
    names = [name for name in (row._hash_keyname, row._range_keyname) if name]  # noqa: SLF001 -- of our own base class
    attributes = row.get_attributes()
    return {
        attributes[name].attr_name: {
            attributes[name].attr_type: attributes[name].serialize(getattr(row, name))
        }
        for name in names
    }


SHARDS = 8
"""Partitions of an index of what is due: one list of everything would be one hot key."""


def tenant_key(community_id: str, *rest: str) -> str:
    """Return a key that begins with the tenant."""
    return "#".join((community_id, *rest))


def shard_of(listing: str, sortable_id: str) -> str:
    """Return the partition of a list of what is due that an id falls in."""
    return f"{listing}#{ord(sortable_id[-1]) % SHARDS}"


def shards(listing: str) -> list[str]:
    """Return every partition of a list of what is due."""
    return [f"{listing}#{number}" for number in range(SHARDS)]


def table_name(short: str) -> str:
    """Return the physical name of a table of this installation."""
    return settings().table_prefix + short


def tables() -> dict[str, type[Row]]:
    """Return every row class that has been imported, by short table name."""
    return dict(sorted(_rows.items()))


def describe(row: type[Row]) -> dict[str, Any]:
    """Return what boto3's `create_table` takes for this row's table."""
    schema = row._get_schema()  # noqa: SLF001 -- the model's own description of its keys
    described: dict[str, Any] = {
        "TableName": row.Meta.table_name,
        "KeySchema": _hash_first(schema["key_schema"]),
        "AttributeDefinitions": schema["attribute_definitions"],
        "BillingMode": "PAY_PER_REQUEST",
    }
    if schema["global_secondary_indexes"]:
        described["GlobalSecondaryIndexes"] = [
            {
                "IndexName": index["index_name"],
                "KeySchema": _hash_first(index["key_schema"]),
                "Projection": index["projection"],
            }
            for index in schema["global_secondary_indexes"]
        ]
    if getattr(row.Meta, "stream", False):
        described["StreamSpecification"] = {
            "StreamEnabled": True,
            "StreamViewType": "NEW_IMAGE",
        }
    return described


def _hash_first(keys: Any) -> Any:
    return sorted(keys, key=lambda key: key["KeyType"])
