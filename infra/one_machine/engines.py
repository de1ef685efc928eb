"""The two AWS engines alone, in memory, for tests of services: seconds to start, nothing kept."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.one_machine import dynamodb, ministack, ports
from infra.one_machine.environment import environment
from infra.one_machine.home import Home
from infra.one_machine.processes import Supervisor

PATIENCE_S = 60.0


@contextmanager
def engines(root: Path) -> Iterator[dict[str, str]]:
    """Run DynamoDB Local and ministack for the block; yields the environment that finds them.

    The caller puts it into `os.environ` before anything reads `settings()`, and makes
    tables and queues with `dynamodb.ensure_tables` and `ministack.ensure`.
    """
    home = Home(root, in_memory=True)
    home.lock()
    chosen = ports.choose(home, 0)
    supervisor = Supervisor(home)
    try:
        supervisor.start(dynamodb.part(home, chosen.dynamodb))
        supervisor.start(ministack.part(home, chosen.aws))
        if not supervisor.await_ready(threading.Event(), PATIENCE_S):
            raise TimeoutError(f"the engines did not start; see {root / 'logs'}")
        yield environment(home, chosen)
    finally:
        supervisor.stop()
