"""One running system for all journeys, on free ports, torn down at the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.operator import BrokerDoor, Stores
from tests.journeys.town import Town
from tools.simulate.system import System


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Start Linli once; DynamoDB keeps its data in memory."""
    state = Path(tmp_path_factory.mktemp("linli"))
    with System(state, in_memory=True) as running:
        yield running


@pytest.fixture(scope="session")
def town(system: System) -> Town:
    """The demo community of the running system; the first bell has rung."""
    town = Town(system.estate)
    town.early_call = town.ring(number=4)
    return town


@pytest.fixture(scope="session")
def stores(system: System) -> Stores:
    """What the operator sees of the tables."""
    return Stores(system.state)


@pytest.fixture
def system_broker(system: System) -> Iterator[BrokerDoor]:
    """The servers' own door of the broker, as if its password had leaked."""
    with BrokerDoor(system.state) as door:
        yield door
