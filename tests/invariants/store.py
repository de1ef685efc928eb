"""The product over a DynamoDB in memory: for state machines, and for one chosen failure."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from chalicelib.core import aws, clock, table
from tests.invariants.dynamodb import Change, Reply, Store, made
from tests.invariants.expressions import Item

Strike = Callable[[str, Mapping[str, Any]], None]
"""Called before each operation; what it raises is what the caller meets."""


@dataclass
class Memory:
    """The client that PynamoDB is given; `calls` are the operations so far."""

    store: Store
    before: Strike = lambda _operation, _asked: None
    after: Strike = lambda _operation, _asked: None
    calls: list[str] = field(default_factory=list)

    def _make_api_call(self, operation: str, asked: Mapping[str, Any]) -> Reply:
        self.calls.append(operation)
        self.before(operation, asked)
        reply = self.store.apply(operation, asked)
        self.after(operation, asked)
        return reply

    def rows(self, short: str) -> list[Item]:
        return self.store.rows(table.table_name(short))


@contextmanager
def in_memory() -> Iterator[Memory]:
    """Let an empty store with every imported table answer for DynamoDB within the block."""
    wrote: list[Change] = []
    tables = made(table.describe(row) for row in table.tables().values())
    memory = Memory(Store(tables, wrote.extend, lambda: clock.epoch_ms(clock.now())))
    with aws.using({"dynamodb": memory}):
        yield memory
