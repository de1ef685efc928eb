"""EventBridge schedules: each function of a fixed rate, invoked on a thread of its own."""

import logging
import threading
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from functions.wakes import Schedule
from infra.one_machine import ministack
from infra.one_machine.invoke import Target

log = logging.getLogger("scheduler")

FIRST_AFTER_S = 2.0
"""Soon after a start: what a killed run left undone is swept up without waiting a minute."""


class Clockwork:
    """One schedule; a run that takes longer than the period delays the next."""

    def __init__(self, target: Target, schedule: Schedule, stopping: threading.Event) -> None:
        self.target, self.schedule, self.stopping = target, schedule, stopping
        self.idle = threading.Event()

    def run(self) -> None:
        """Invoke at the fixed rate until told to stop."""
        self.idle.set()
        due = time.monotonic() + FIRST_AFTER_S
        while not self.stopping.wait(max(0.0, due - time.monotonic())):
            self.idle.clear()
            try:
                self.target(occasion(self.target.name))
            except Exception:
                log.exception("%s failed", self.target.name)
            self.idle.set()
            due = max(due + self.schedule.every_s, time.monotonic())


def occasion(name: str) -> dict[str, Any]:
    """Return the event of a schedule's rule, as EventBridge sends it."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ministack.ACCOUNT,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": ministack.REGION,
        "resources": [f"arn:aws:events:{ministack.REGION}:{ministack.ACCOUNT}:rule/linli-{name}"],
        "detail": {},
    }
