"""DynamoDB in memory: what PynamoDB asks of it, with its transactions and its refusals."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from tests.invariants import expressions
from tests.invariants.expressions import Item, plain

Key = tuple[str, ...]
Reply = dict[str, Any]

MOST_IN_A_TRANSACTION = 100
LONGEST_HASH, LONGEST_RANGE = 2_048, 1_024
LARGEST_ITEM = 400 * 1024


@dataclass(frozen=True)
class Change:
    """One item before and after a write; None where there was or is none."""

    table: str
    old: Item | None
    new: Item | None


@dataclass
class Table:
    """One table: its keys, its indexes and its items."""

    keys: tuple[str, ...]
    indexes: Mapping[str, tuple[tuple[str, ...], str]]
    items: dict[Key, Item] = field(default_factory=dict)

    def key(self, item: Mapping[str, Any]) -> Key:
        """Return an item's key; its strings are checked as DynamoDB checks them."""
        found = []
        for name, longest in zip(self.keys, (LONGEST_HASH, LONGEST_RANGE), strict=False):
            said = next(iter(item[name].values()))
            if not said or len(said.encode()) > longest:
                raise refused("ValidationException", f"bad key {name}")
            found.append(said)
        return tuple(found)

    def turn(self, old: Item | None, new: Item | None) -> None:
        """Put an item in the place of another; either may be none."""
        if new is not None:
            self.items[self.key(new)] = new
        elif old is not None:
            del self.items[self.key(old)]


class Store:
    """The tables; `apply` runs one operation at once and alone."""

    def __init__(
        self,
        tables: Mapping[str, Table],
        wrote: Callable[[list[Change]], None],
        now_ms: Callable[[], int],
    ) -> None:
        self.tables, self.wrote, self.now_ms = tables, wrote, now_ms
        self.tokens: dict[str, Reply] = {}
        self.recent: list[tuple[int, Change]] = []

    def apply(self, operation: str, asked: Mapping[str, Any]) -> Reply:
        """Answer an operation, or raise the ClientError that DynamoDB would."""
        work: Callable[[Mapping[str, Any]], Reply] = getattr(self, f"_{operation.lower()}")
        return work(asked)

    def apply_before(self, before_ms: int, operation: str, asked: Mapping[str, Any]) -> Reply:
        """Answer a read as an index does that has not yet heard of the last writes."""
        name = asked["TableName"]
        present, table = self.tables[name].items, self.tables[name]
        table.items = dict(present)
        self.recent = [(at, change) for at, change in self.recent if at > before_ms]
        for _, change in reversed(self.recent):
            if change.table == name:
                table.turn(change.new, change.old)
        reply = self.apply(operation, asked)
        table.items = present
        return reply

    def rows(self, table: str) -> list[Item]:
        """Return a table's items in the order of their keys."""
        items = self.tables[table].items
        return [items[key] for key in sorted(items)]

    # -- reads ---------------------------------------------------------------------------------

    def _getitem(self, asked: Mapping[str, Any]) -> Reply:
        table = self.tables[asked["TableName"]]
        found = table.items.get(table.key(asked["Key"]))
        return {"Item": found} if found else {}

    def _batchgetitem(self, asked: Mapping[str, Any]) -> Reply:
        found = {}
        for name, wanted in asked["RequestItems"].items():
            table = self.tables[name]
            items = [table.items.get(table.key(key)) for key in wanted["Keys"]]
            found[name] = [item for item in items if item]
        return {"Responses": found, "UnprocessedKeys": {}}

    def _query(self, asked: Mapping[str, Any]) -> Reply:
        table = self.tables[asked["TableName"]]
        keys, projection = table.keys, "ALL"
        if "IndexName" in asked:
            keys, projection = table.indexes[asked["IndexName"]]
        found = self._matching(table, keys, asked)
        last = None
        if len(found) > asked.get("Limit", len(found)):
            found = found[: asked["Limit"]]
            last = {name: found[-1][name] for name in dict.fromkeys((*keys, *table.keys))}
        if "FilterExpression" in asked:
            found = [item for item in found if _holds(asked, "FilterExpression", item)]
        if projection == "KEYS_ONLY":
            kept = {*keys, *table.keys}
            found = [{n: v for n, v in item.items() if n in kept} for item in found]
        reply: Reply = {"Items": found, "Count": len(found), "ScannedCount": len(found)}
        return reply | ({"LastEvaluatedKey": last} if last else {})

    def _matching(
        self, table: Table, keys: tuple[str, ...], asked: Mapping[str, Any]
    ) -> list[Item]:
        found = [
            item
            for item in table.items.values()
            if all(name in item for name in keys) and _holds(asked, "KeyConditionExpression", item)
        ]
        order = (*keys, *table.keys)
        back = not asked.get("ScanIndexForward", True)
        found.sort(key=lambda item: [plain(item[name]) for name in order], reverse=back)
        start = asked.get("ExclusiveStartKey")
        if start:
            after = [plain(start[name]) for name in order]
            found = [
                item
                for item in found
                if (at := [plain(item[name]) for name in order]) != after and (at < after) == back
            ]
        return found

    # -- writes --------------------------------------------------------------------------------

    def _putitem(self, asked: Mapping[str, Any]) -> Reply:
        return self._alone("Put", asked)

    def _updateitem(self, asked: Mapping[str, Any]) -> Reply:
        return self._alone("Update", asked)

    def _deleteitem(self, asked: Mapping[str, Any]) -> Reply:
        return self._alone("Delete", asked)

    def _alone(self, kind: str, asked: Mapping[str, Any]) -> Reply:
        change = self._planned(kind, asked)
        if change is None:
            raise refused("ConditionalCheckFailedException", "The conditional request failed")
        self._write([change])
        wanted = asked.get("ReturnValues", "NONE")
        shown = change.new if wanted == "ALL_NEW" else change.old if wanted == "ALL_OLD" else None
        return {"Attributes": shown} if shown else {}

    def _transactwriteitems(self, asked: Mapping[str, Any]) -> Reply:
        token = asked.get("ClientRequestToken", "")
        if token in self.tokens:
            return self.tokens[token]
        works = [next(iter(one.items())) for one in asked["TransactItems"]]
        touched = [self._touched(*work) for work in works]
        if len(set(touched)) < len(works) or not 0 < len(works) <= MOST_IN_A_TRANSACTION:
            raise refused("ValidationException", "one item twice, or too many items")
        planned = [self._planned(*work) for work in works]
        if None in planned:
            reasons = [
                self._reason(*work) if plan is None else {"Code": "None"}
                for work, plan in zip(works, planned, strict=True)
            ]
            raise cancelled(reasons)
        self._write([change for change in planned if change])
        self.tokens[token] = {}
        return {}

    def _touched(self, _kind: str, asked: Mapping[str, Any]) -> tuple[str, Key]:
        table = self.tables[asked["TableName"]]
        return asked["TableName"], table.key(asked.get("Key") or asked["Item"])

    def _reason(self, kind: str, asked: Mapping[str, Any]) -> Reply:
        reason: Reply = {
            "Code": "ConditionalCheckFailed",
            "Message": "The conditional request failed",
        }
        name, key = self._touched(kind, asked)
        found = self.tables[name].items.get(key)
        if asked.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and found:
            reason["Item"] = found
        return reason

    def _planned(self, kind: str, asked: Mapping[str, Any]) -> Change | None:
        """Return what a write would do, or None if its condition fails."""
        name, key = self._touched(kind, asked)
        old = self.tables[name].items.get(key)
        if "ConditionExpression" in asked and not _holds(asked, "ConditionExpression", old or {}):
            return None
        if kind == "Put":
            new = dict(asked["Item"])
        elif kind == "Delete":
            return Change(name, old, None)
        elif kind == "ConditionCheck":
            return Change(name, old, old)
        else:
            change = expressions.update(asked["UpdateExpression"])
            names, values = _words(asked)
            new = change(old or dict(asked["Key"]), names, values)
        self._require_sound(name, new)
        return Change(name, old, new)

    def _require_sound(self, name: str, item: Item) -> None:
        table = self.tables[name]
        table.key(item)
        for keys, _projection in table.indexes.values():
            if any(item.get(key) in ({"S": ""}, {"NULL": True}) for key in keys):
                raise refused("ValidationException", f"an index key of {name} is empty")
        if len(str(item)) > LARGEST_ITEM:
            raise refused("ValidationException", "Item size has exceeded the maximum allowed size")

    def _write(self, planned: list[Change]) -> None:
        changes = [change for change in planned if change.old is not change.new]
        for change in changes:
            self.tables[change.table].turn(change.old, change.new)
            self.recent.append((self.now_ms(), change))
        self.wrote(changes)


def _words(asked: Mapping[str, Any]) -> tuple[Mapping[str, str], Mapping[str, Any]]:
    return asked.get("ExpressionAttributeNames", {}), asked.get("ExpressionAttributeValues", {})


def _holds(asked: Mapping[str, Any], which: str, item: Item) -> bool:
    return expressions.condition(asked[which])(item, *_words(asked))


def refused(code: str, message: str, operation: str = "DynamoDB") -> ClientError:
    """Return the error with which an operation is refused."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


def cancelled(reasons: Iterable[Reply]) -> ClientError:
    """Return the error of a cancelled transaction, its reasons in the order of its items."""
    said = list(reasons)
    codes = ", ".join(reason["Code"] for reason in said)
    response: Any = {
        "Error": {
            "Code": "TransactionCanceledException",
            "Message": "Transaction cancelled, please refer cancellation reasons for "
            f"specific reasons [{codes}]",
        },
        "CancellationReasons": said,
    }
    return ClientError(response, "TransactWriteItems")


def made(descriptions: Iterable[Mapping[str, Any]]) -> dict[str, Table]:
    """Return empty tables from what `create_table` would be given."""
    tables = {}
    for said in descriptions:
        indexes = {
            index["IndexName"]: (_names(index["KeySchema"]), index["Projection"]["ProjectionType"])
            for index in said.get("GlobalSecondaryIndexes", ())
        }
        tables[said["TableName"]] = Table(_names(said["KeySchema"]), indexes)
    return tables


def _names(schema: Iterable[Mapping[str, str]]) -> tuple[str, ...]:
    return tuple(key["AttributeName"] for key in schema)
