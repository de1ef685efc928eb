"""Logging: one JSON record per line, the request's id in each, no bodies and no secrets."""

import logging
from functools import cache
from typing import TYPE_CHECKING

from chalicelib.core import context

if TYPE_CHECKING:
    from aws_lambda_powertools.logging import Logger

LONGEST = 2_000
"""Characters kept of a logged message (SECURITY.md 20: one record per event, capped)."""


class _Request(logging.Filter):
    """Adds the request id and caps the message."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = context.request_id()
        if isinstance(record.msg, str) and len(record.msg) > LONGEST:
            record.msg = record.msg[:LONGEST] + "…"
        return True


@cache
def logger(service: str = "linli") -> "Logger":
    """Return the process's Powertools logger of a service, made when first needed."""
    from aws_lambda_powertools.logging import Logger  # noqa: PLC0415 -- 20 ms of start-up

    made = Logger(service=service, serialize_stacktrace=False)
    made.addFilter(_Request())
    return made
