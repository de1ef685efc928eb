"""The manifest and functions/ name the same handlers, and the manifest names real things."""

from importlib import import_module
from pathlib import Path

import pytest

from chalicelib.core import web
from functions.manifest import FUNCTIONS, TOPIC_RULES
from functions.wakes import Function, Http, Schedule, Stream
from infra.rows import load
from tests.architecture.source import python

VOCABULARY = {"grants", "manifest", "wakes", "__init__"}
QUEUES = [queue.name for function in FUNCTIONS for queue in function.queues]
names = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)


@pytest.fixture(scope="module")
def rows() -> set[str]:
    """The short name of every table of every domain."""
    return set(load())


def test_every_file_is_in_the_manifest_and_back() -> None:
    files = {path.stem for path in python("functions") if path.parent == Path("functions")}
    named = {function.name for function in FUNCTIONS if function.handler != "app.app"}
    assert files - VOCABULARY == named


@names
def test_a_handler_exists(function: Function) -> None:
    module, name = function.handler.rsplit(".", 1)
    assert callable(getattr(import_module(module), name))


@names
def test_a_function_touches_tables_that_exist(function: Function, rows: set[str]) -> None:
    assert set(function.tables) <= rows
    assert set(function.tables.values()) <= {"r", "rw"}
    assert {wake.table for wake in function.wakes if isinstance(wake, Stream)} <= rows


@names
def test_a_function_sends_to_queues_that_exist(function: Function) -> None:
    assert set(function.sends) <= set(QUEUES)


@names
def test_a_function_fits_lambda(function: Function) -> None:
    assert function.wakes, "nothing wakes it"
    assert 128 <= function.memory_mb <= 10_240
    assert 1 <= function.timeout_s <= 900
    for wake in function.wakes:
        assert not isinstance(wake, Http) or function.timeout_s <= 29, "API Gateway gives up"
        assert not isinstance(wake, Schedule) or wake.every_s % 60 == 0, "EventBridge: minutes"


def test_names_are_used_once() -> None:
    functions = [function.name for function in FUNCTIONS]
    assert len(functions) == len(set(functions))
    assert len(QUEUES) == len(set(QUEUES))


def test_every_audience_has_its_function() -> None:
    import_module("app")
    served = {
        wake.audience for function in FUNCTIONS for wake in function.wakes if isinstance(wake, Http)
    }
    assert served == {route.audience for route in web.ROUTES} - {web.OPEN}


def test_topic_rules_lead_to_real_places(rows: set[str]) -> None:
    assert {rule.table for rule in TOPIC_RULES if rule.table} <= rows
    assert {rule.queue for rule in TOPIC_RULES} <= set(QUEUES)
