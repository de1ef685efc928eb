"""Every Lambda of Linli: `infra/stack.py` deploys this list, `infra/local.py` runs it."""

from collections.abc import Mapping, Sequence
from typing import Any

from functions.manifests import (
    access,
    alerts,
    apis,
    core,
    devices,
    identity,
    notices,
    passages,
    surveys,
    vehicles,
    voting,
)
from functions.wakes import Function, TopicRule

FUNCTIONS: tuple[Function, ...] = (
    *apis.FUNCTIONS,
    *core.FUNCTIONS,
    *devices.FUNCTIONS,
    *access.FUNCTIONS,
    *identity.FUNCTIONS,
    *alerts.FUNCTIONS,
    *voting.FUNCTIONS,
    *surveys.FUNCTIONS,
    *notices.FUNCTIONS,
    *passages.FUNCTIONS,
    *vehicles.FUNCTIONS,
)

TOPIC_RULES: tuple[TopicRule, ...] = devices.TOPIC_RULES


def owed(name: str, body: Mapping[str, Any]) -> Sequence[str]:
    """Return the functions that hear an event, so that its outbox row waits for them."""
    return [
        function.name
        for function in FUNCTIONS
        for queue in function.queues
        for heard in queue.hears
        if heard.matches(name, body)
    ]
