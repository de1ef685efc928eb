"""boto3 clients of the workers: many threads wait on them at once, long polls included."""

from functools import cache
from typing import Any

from chalicelib.core.aws import credentials

WAIT_S = 5
"""Long poll; short enough that a stopping worker does not keep anybody waiting."""


@cache
def client(service: str) -> Any:
    """Return this process's client of a service, with room for all its threads."""
    import boto3  # noqa: PLC0415 -- the supervisor imports this module and needs no boto3
    from botocore.config import Config  # noqa: PLC0415 -- as above

    config = Config(
        connect_timeout=2,
        read_timeout=WAIT_S + 10,
        retries={"mode": "standard", "max_attempts": 2},
        max_pool_connections=64,
        tcp_keepalive=True,
        s3={"addressing_style": "path"},
    )
    make: Any = boto3.client  # typed by service name, which is a variable here
    return make(service, config=config, **credentials(service))
