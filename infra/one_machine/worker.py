"""The worker process: furnishes the engines, then plays every event source of the manifest.

Run as `python -m infra.one_machine.worker core|inference`. The core worker makes tables,
queues and the demo estate first; the inference worker has the functions of that package,
so that a model's work does not hold up the others.
"""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from functions.manifest import FUNCTIONS, TOPIC_RULES
from functions.wakes import Function, Queue, Schedule, Stream
from infra.one_machine import accounts, broker, demo_estate, dynamodb, ministack, rights
from infra.one_machine.bridge import Bridge
from infra.one_machine.clients import client
from infra.one_machine.home import Home
from infra.one_machine.invoke import Target
from infra.one_machine.pollers import PARALLEL, Poller
from infra.one_machine.processes import die_with_parent
from infra.one_machine.scheduler import Clockwork
from infra.one_machine.streams import StreamReader
from infra.one_machine.topic_rules import bridges

log = logging.getLogger("worker")

FINISH_S = 8.0
"""How long handlers may finish after a stop; what they do not finish comes again."""

LOOK_AROUND_S = 1.0
AWAY = (BotoCoreError, ClientError, PynamoDBException, ConnectionError)
"""What calls raise while an engine starts, or starts again."""


class Source(Protocol):
    """A thread that feeds one function; `idle` is set while no handler runs."""

    idle: threading.Event

    def run(self) -> None: ...  # noqa: D102 -- see the class


def main(package: str) -> None:
    """Work until SIGTERM or SIGINT."""
    die_with_parent()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    rights.enforce()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    home = Home(Path(os.environ["LINLI_STATE"]))
    keeper = Keeper(home) if package == "core" else None
    if keeper is not None and not _until_done(keeper.furnish, stopping):
        return
    sources = _sources(package, home, stopping)
    rules = _hearing() if keeper is not None else ()
    for source in sources:
        threading.Thread(target=source.run, daemon=True).start()
    home.ready_file(package).touch()
    while not stopping.wait(LOOK_AROUND_S):
        if keeper is not None:
            keeper.look_around(sources)
    for bridge in rules:
        bridge.stop()
    _finish(sources)


class Keeper:
    """Keeps the engines furnished: tables, queues, rules, bucket, and who may enter the broker."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.admitted: list[broker.Account] = []

    def furnish(self) -> None:
        """Make whatever is missing, the demo estate included; fast when nothing is."""
        dynamodb.ensure_tables(client("dynamodb"))
        ministack.ensure(client)
        demo_estate.ensure(self.home)
        self.admit()

    def admit(self) -> None:
        """Let every enrolled device into the broker."""
        enrolled = accounts.enrolled()
        if enrolled != self.admitted:
            broker.admit(self.home, enrolled)
            self.admitted = enrolled

    def look_around(self, sources: list[Source]) -> None:
        """Admit new devices; after the emulator lost its state, furnish it again."""
        lost = [s for s in sources if isinstance(s, Poller) and s.lost.is_set()]
        try:
            if lost:
                log.warning("queues are gone: making them anew")
                ministack.ensure(client)
            self.admit()
        except AWAY as failure:
            log.warning("an engine is away: %s", failure)
            return
        for source in lost:
            source.lost.clear()


def _until_done(work: Callable[[], None], stopping: threading.Event) -> bool:
    """Try until the engines are up; return whether it was done before a stop."""
    while not stopping.is_set():
        try:
            work()
        except AWAY as failure:
            log.info("waiting for the engines: %s", failure)
            stopping.wait(0.1)
        else:
            return True
    return False


def _hearing() -> tuple[Bridge, ...]:
    """Return the bridges to the broker, subscribed unless it is away."""
    made = bridges(TOPIC_RULES, FUNCTIONS, client)
    for bridge in made:
        bridge.start()
    for bridge in made:
        bridge.subscribed.wait(10)
    return made


def _sources(package: str, home: Home, stopping: threading.Event) -> list[Source]:
    functions = [function for function in FUNCTIONS if function.package == package]
    return [source for f in functions for source in _sources_of(f, home, stopping)]


def _sources_of(function: Function, home: Home, stopping: threading.Event) -> list[Source]:
    found: list[Source] = []
    for wake in function.wakes:
        if isinstance(wake, Queue):
            target = Target.of(function)
            found += [Poller(target, wake, client("sqs"), stopping) for _ in range(PARALLEL)]
        elif isinstance(wake, Stream):
            found.append(StreamReader(Target.of(function), wake, home, client, stopping))
        elif isinstance(wake, Schedule):
            found.append(Clockwork(Target.of(function), wake, stopping))
    return found


def _finish(sources: list[Source]) -> None:
    end = time.monotonic() + FINISH_S
    for source in sources:
        source.idle.wait(max(0.0, end - time.monotonic()))
    os._exit(0)  # threads in long polls hold nothing; joining them would take seconds


if __name__ == "__main__":
    main(sys.argv[1])
