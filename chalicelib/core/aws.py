"""One boto3 client per service and process; addresses come from `AWS_ENDPOINT_URL*`."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from chalicelib.core.config import settings

_simulated: ContextVar[Mapping[str, Any] | None] = ContextVar("simulated", default=None)

_making = threading.Lock()

TIMEOUT_S = 5
"""Connect and read bound of one attempt; of a service that hangs a call makes four."""

CARRIED_ONCE = "iot-data"
"""Its client tries once and waits briefly: what it carries is worth seconds, and never repeated."""


def client(service: str) -> Any:
    """Return the process's client of an AWS service, made on first use."""
    simulated = _simulated.get()
    if simulated:
        return simulated[service]
    with _making:  # the first requests of a process come together, and one client is enough
        return _made(service)


@contextmanager
def using(services: Mapping[str, Any]) -> Iterator[None]:
    """Let these objects answer for AWS within the block (the fault simulator)."""
    token = _simulated.set(services)
    try:
        yield
    finally:
        _simulated.reset(token)


def credentials(service: str) -> dict[str, str]:
    """Return the client arguments for a key of the service's own; none: boto3 finds one.

    A presigned URL shows its signer's key id, and DynamoDB Local lets in whoever knows ours.
    """
    key = settings().dynamodb_key
    if not key or service not in ("dynamodb", "dynamodbstreams"):
        return {}
    key_id, _, secret = key.partition(":")
    return {"aws_access_key_id": key_id, "aws_secret_access_key": secret}


@cache
def _made(service: str) -> Any:
    import boto3
    from botocore.config import Config  # noqa: PLC0415 -- as above

    retries: Any = {"mode": "standard", "max_attempts": 3}  # beside the first
    connect_s, read_s = TIMEOUT_S, TIMEOUT_S
    if service == CARRIED_ONCE:
        retries, connect_s, read_s = {"total_max_attempts": 1}, 1, 2
    config = Config(
        connect_timeout=connect_s,
        read_timeout=read_s,
        retries=retries,
        user_agent="linli",  # else botocore writes forty words anew for every call: 60 µs
        parameter_validation=service != "dynamodb",  # PynamoDB builds those itself
        max_pool_connections=32,
        tcp_keepalive=True,
        s3={"addressing_style": "path"},
    )
    make: Any = boto3.client  # typed by service name, which is a variable here
    return make(service, config=config, **credentials(service))
