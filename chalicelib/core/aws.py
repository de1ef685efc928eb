"""One boto3 client per service and process; addresses come from `AWS_ENDPOINT_URL*`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

_simulated: ContextVar[Mapping[str, Any] | None] = ContextVar("simulated", default=None)

TIMEOUT_S = 5
"""Connect and read bound of every call, well under each function's own time limit."""


def client(service: str) -> Any:
    """Return the process's client of an AWS service, made on first use."""
    simulated = _simulated.get()
    return simulated[service] if simulated else _made(service)


@contextmanager
def using(services: Mapping[str, Any]) -> Iterator[None]:
    """Let these objects answer for AWS within the block (the fault simulator)."""
    token = _simulated.set(services)
    try:
        yield
    finally:
        _simulated.reset(token)


@cache
def _made(service: str) -> Any:
    import boto3
    from botocore.config import Config  # noqa: PLC0415 -- as above

    config = Config(
        connect_timeout=TIMEOUT_S,
        read_timeout=TIMEOUT_S,
        retries={"mode": "standard", "max_attempts": 3},
        parameter_validation=service != "dynamodb",  # PynamoDB builds those itself
        max_pool_connections=32,
        tcp_keepalive=True,
        s3={"addressing_style": "path"},
    )
    return boto3.client(service, config=config)  # type: ignore[call-overload]  # a name, not a literal
