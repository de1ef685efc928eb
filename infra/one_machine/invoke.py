"""What the Lambda service does around a handler: find it, give it a context, call it."""

import importlib
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from functions.wakes import Function
from infra.one_machine import ministack, rights

Handler = Callable[[dict[str, Any], Any], Any]


@dataclass(frozen=True)
class LambdaContext:
    """The context object of one invocation, in the fields that Lambda documents."""

    function_name: str
    timeout_s: float
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    memory_limit_in_mb: int = 256
    function_version: str = "$LATEST"
    log_group_name: str = "one-machine"
    log_stream_name: str = "one-machine"
    identity: None = None
    client_context: None = None
    _started: float = field(default_factory=time.monotonic)

    @property
    def invoked_function_arn(self) -> str:
        """Return an ARN of this home's pretended account."""
        return (
            f"arn:aws:lambda:{ministack.REGION}:{ministack.ACCOUNT}:function:{self.function_name}"
        )

    def get_remaining_time_in_millis(self) -> int:
        """Return what is left of the function's time limit."""
        left = self.timeout_s - (time.monotonic() - self._started)
        return max(0, int(left * 1000))


@dataclass(frozen=True)
class Target:
    """A function that an event source invokes: what the manifest says, and its handler."""

    function: Function
    handler: Handler

    @classmethod
    def of(cls, function: Function) -> Self:
        """Load the very handler that Lambda would load."""
        module, _, name = function.handler.rpartition(".")
        return cls(function, getattr(importlib.import_module(module), name))

    @property
    def name(self) -> str:
        """Return the function's name."""
        return self.function.name

    def __call__(self, event: dict[str, Any]) -> Any:
        """Invoke under the function's own rights.

        Whatever the handler raises is the source's to deal with, as on AWS.
        """
        limits = self.function
        context = LambdaContext(self.name, limits.timeout_s, memory_limit_in_mb=limits.memory_mb)
        with rights.running(limits):
            return self.handler(event, context)
