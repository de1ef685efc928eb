"""The simulated DynamoDB refuses and answers as the real one does (PynamoDB's own requests)."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.core import outbox, table
from tests.invariants import expressions
from tests.invariants.dynamodb import Change, Store, made
from tests.invariants.expressions import Item


def test_conditions_mean_what_dynamodb_says() -> None:
    item: Item = {"a": {"N": "10"}, "b": {"S": "ab"}, "c": {"SS": ["x"]}}
    names = {"#0": "a", "#1": "b", "#2": "c", "#3": "none"}
    values = {":0": {"N": "9"}, ":1": {"S": "a"}, ":2": {"S": "x"}}
    for text, holds in {
        "#0 > :0": True,
        "(#0 > :0 AND attribute_not_exists (#3))": True,
        "(NOT begins_with (#1, :1))": False,
        "contains (#2, :2)": True,
        "#3 = :0": False,
        "#1 > :0": False,
        "#0 BETWEEN :0 AND :0 OR size (#1) < :0": True,
        "#0 IN (:0, :1)": False,
    }.items():
        assert expressions.condition(text)(item, names, values) is holds, text


def test_an_update_reads_the_old_item_and_writes_the_new() -> None:
    change = expressions.update("SET #0 = #0 + :0, #1 = #0 REMOVE #2 ADD #3 :0 DELETE #4 :1")
    names = {"#0": "a", "#1": "b", "#2": "c", "#3": "d", "#4": "e"}
    old: Item = {"a": {"N": "1"}, "c": {"S": "x"}, "e": {"SS": ["one"]}}
    new = change(old, names, {":0": {"N": "2"}, ":1": {"SS": ["one"]}})
    assert new == {"a": {"N": "3"}, "b": {"N": "1"}, "d": {"N": "2"}}


def test_what_is_not_known_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="expected"):
        expressions.condition("#0 LIKE :0")


@pytest.fixture
def store() -> Store:
    wrote: list[Change] = []
    return Store(made([table.describe(outbox.OutboxRow)]), wrote.extend, lambda: 0)


def put(event_id: str, version: int) -> dict[str, object]:
    return {
        "TableName": table.table_name("outbox"),
        "Item": {"event_id": {"S": event_id}, "version": {"N": str(version)}},
        "ConditionExpression": "attribute_not_exists (#0)",
        "ExpressionAttributeNames": {"#0": "version"},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def test_a_transaction_is_whole_or_nothing_and_says_why(store: Store) -> None:
    store.apply("PutItem", put("one", 1))
    both = {"TransactItems": [{"Put": put("two", 1)}, {"Put": put("one", 2)}]}
    with pytest.raises(ClientError) as refusal:
        store.apply("TransactWriteItems", both)
    reasons: Any = refusal.value.response.get("CancellationReasons")
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed"]
    assert reasons[1]["Item"]["version"] == {"N": "1"}
    assert len(store.rows(table.table_name("outbox"))) == 1


def test_a_token_makes_a_transaction_happen_once(store: Store) -> None:
    once = {"TransactItems": [{"Put": put("one", 1)}], "ClientRequestToken": "token"}
    assert store.apply("TransactWriteItems", once) == store.apply("TransactWriteItems", once)


def test_one_item_twice_in_a_transaction_is_refused(store: Store) -> None:
    twice = {"TransactItems": [{"Put": put("one", 1)}, {"Put": put("one", 2)}]}
    with pytest.raises(ClientError, match="ValidationException"):
        store.apply("TransactWriteItems", twice)


def test_keys_have_their_limits(store: Store) -> None:
    for key in ("", "x" * 2_049):
        with pytest.raises(ClientError, match="ValidationException"):
            store.apply("PutItem", put(key, 1))


def test_an_index_lags_behind(store: Store) -> None:
    store.apply("PutItem", put("one", 1))
    asked = {"TableName": table.table_name("outbox"), "Key": {"event_id": {"S": "one"}}}
    assert "Item" in store.apply("GetItem", asked)
    assert store.apply_before(-1, "GetItem", asked) == {}
