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

MINUTE_S = 60
BRISK_S = (2.0, 10.0)
"""First run and period of minutely schedules during the first minute after a start.

What a killed run left undone comes of age then, and nobody should wait two minutes for it.
"""


class Clockwork:
    """One schedule; a run that takes longer than the period delays the next."""

    def __init__(self, target: Target, schedule: Schedule, stopping: threading.Event) -> None:
        self.target, self.schedule, self.stopping = target, schedule, stopping
        self.idle = threading.Event()

    def run(self) -> None:
        """Invoke at the fixed rate until told to stop."""
        self.idle.set()
        started = time.monotonic()
        due = started + (BRISK_S[0] if self.schedule.every_s <= MINUTE_S else MINUTE_S)
        while not self.stopping.wait(max(0.0, due - time.monotonic())):
            self.idle.clear()
            try:
                self.target(occasion(self.target.name))
            except Exception:
                log.exception("%s failed", self.target.name)
            self.idle.set()
            due = max(due + self._period(due - started), time.monotonic())

    def _period(self, age_s: float) -> float:
        brisk = self.schedule.every_s <= MINUTE_S and age_s < MINUTE_S
        return BRISK_S[1] if brisk else self.schedule.every_s


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
