"""What staff order of devices by hand, and what they see of commands."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from chalicelib.core.schema import Asked, Identifier, Page, Shown, Text
from chalicelib.devices.rules.commands import CommandState

Op = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z]+(\.[a-z_]+)+$")]
Plain = Annotated[str, Field(max_length=64, pattern=r"^[ !#-\[\]-~]*$")]
"""Printable ASCII without quotes and backslashes."""


class CommandAsked(Asked):
    """A command by hand: what, with which arguments, and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"op": "gate.open", "args": {}, "reason": "快递员送货，业主已电话确认"}]
        }
    )

    op: Op = Field(examples=["gate.open"])
    args: dict[str, Any] = Field(default_factory=dict, max_length=16)
    reason: Annotated[Text, Field(min_length=2, max_length=200)]


class CommandReply(Shown):
    """A command and where it is; `why` and `ordered_by` of those that staff ordered by hand."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "device_id": "heyuan-gate-01",
                    "command_id": "cmd_01J00000000000000000000000",
                    "op": "gate.open",
                    "args": {},
                    "state": "DONE",
                    "reason": "",
                    "cause_id": "cmd_01J00000000000000000000000",
                    "ordered_by": "per_01J00000000000000000000000",
                    "why": "快递员送货，业主已电话确认",
                    "sent_at": "2026-11-21T08:00:00Z",
                    "expires_at": "2026-11-21T08:00:05Z",
                    "settled_at": "2026-11-21T08:00:00.120000Z",
                }
            ]
        }
    )

    device_id: str
    command_id: str
    op: str
    args: dict[str, Any]
    state: CommandState
    reason: str
    cause_id: str
    ordered_by: str | None
    why: str | None
    sent_at: datetime
    expires_at: datetime
    settled_at: datetime | None


class CommandPage(Page[CommandReply]):
    """One page of a device's commands, the newest first."""


class DriverAsked(Asked):
    """How a device is to be commanded; host to password for drivers that reach it by address."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "driver": "dahua_http",
                    "host": "10.20.0.7",
                    "port": 80,
                    "channel": 1,
                    "user": "linli",
                    "password": "a word of the controller",
                }
            ]
        }
    )

    driver: Identifier = Field(examples=["dahua_http"])
    host: str | None = Field(default=None, min_length=7, max_length=15, examples=["10.20.0.7"])
    port: int = Field(default=80, ge=1, le=65_535)
    channel: int = Field(default=1, ge=1, le=64)
    user: Plain = ""
    password: Annotated[Text, Field(max_length=64)] = Field(default="", repr=False)


class DriverReply(Shown):
    """How a device is commanded from now on; its password is never shown."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "device_id": "heyuan-door-01",
                    "driver": "dahua_http",
                    "host": "10.20.0.7",
                    "port": 80,
                    "channel": 1,
                }
            ]
        }
    )

    device_id: str
    driver: str
    host: str | None
    port: int | None
    channel: int | None
