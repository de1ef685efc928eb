"""What residents and staff see of credentials, and what doors ask for and get."""

from datetime import datetime
from typing import Any

from pydantic import ConfigDict, Field

from chalicelib.access.rules.credentials import CredentialKind, CredentialState, OnDevice
from chalicelib.core.schema import Asked, Identifier, Moment, Page, Paging, Personal, Shown, Text

_ON: dict[str, Any] = {
    "device_id": "heyuan-gate-01",
    "state": "ENROLLED",
    "at": "2026-11-21T08:00:05Z",
}
_SEEN: dict[str, Any] = {
    "credential_id": "cred_01JCZ5",
    "unit_id": "heyuan-1-101",
    "kind": "card",
    "state": "ACTIVE",
    "until": None,
    "issued_at": "2026-11-21T08:00:00Z",
    "withdrawn_at": None,
    "completed_at": None,
    "enrolled_on": [_ON],
}
_OWNED: dict[str, Any] = {**_SEEN, "person_id": "person-lin", "last4": "4711"}


class OnDeviceReply(Shown):
    """A credential on one device. Of a face or finger nothing else exists outside the device."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ON]})

    device_id: str
    state: OnDevice
    at: datetime = Field(description="of the receipt, or since when it is awaited")


class CredentialSeen(Shown):
    """A credential without whose it is; `completed_at`: every device has given it up."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SEEN]})

    credential_id: str
    unit_id: str
    kind: CredentialKind
    state: CredentialState
    until: datetime | None
    issued_at: datetime
    withdrawn_at: datetime | None
    completed_at: datetime | None
    enrolled_on: list[OnDeviceReply]


class CredentialReply(CredentialSeen):
    """A credential of the caller's own, or of their child."""

    model_config = ConfigDict(json_schema_extra={"examples": [_OWNED]})

    person_id: str
    last4: str | None = Field(description="the end of a card's number")


class CredentialList(Shown):
    """Somebody's credentials, live ones first."""

    items: list[CredentialReply]


class CredentialOfResident(CredentialSeen):
    """A credential as staff with a ticket see it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_OWNED]})

    person_id: Personal[str]
    last4: Personal[str | None]


class CredentialPage(Page[CredentialOfResident]):
    """A page of a flat's credentials."""


class LookedAt(Paging):
    """Why a flat's credentials are looked at; both are needed (403 `ticket_required`)."""

    purpose: Text = Field(default="", max_length=60)
    ticket: str = Field(default="", max_length=64, pattern=r"^[A-Za-z0-9_-]*$")


class OwnQuery(Asked):
    """Whose credentials: the caller's, or a child's of theirs."""

    person_id: Identifier | None = None


class OwnCredentialAsked(Asked):
    """What a resident wants to pass by; `doors` are where a face or finger is to be taken."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"unit_id": "heyuan-1-101", "kind": "face", "doors": ["heyuan-gate-01"]},
                {"unit_id": "heyuan-1-101", "kind": "qr"},
            ]
        }
    )

    unit_id: Identifier
    kind: CredentialKind
    person_id: Identifier | None = None
    doors: tuple[Identifier, ...] = Field(default=(), max_length=20)
    until: Moment | None = None


class CredentialAsked(Asked):
    """What the company gives a resident; `number` is a card's."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "person_id": "person-lin",
                    "unit_id": "heyuan-1-101",
                    "kind": "card",
                    "number": "04 A2 2B 91",
                }
            ]
        }
    )

    person_id: Identifier
    unit_id: Identifier
    kind: CredentialKind
    number: Text = Field(default="", max_length=60)
    doors: tuple[Identifier, ...] = Field(default=(), max_length=20)
    floors: tuple[int, ...] = Field(default=(), max_length=60)
    until: Moment | None = None


class WithdrawalAsked(Asked):
    """Why a credential is withdrawn, or why a person vouches for a device."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "门卡遗失"}]})

    reason: Text = Field(min_length=2, max_length=200)


class CodeReply(Shown):
    """What the owner's phone shows at a door: codes made from `token`, or a PIN."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "credential_id": "cred_01JCZ5",
                    "token": "LS1.cred_01JCZ5.ABCDEFGHIJKLMNOPQRSTUVWXYZ",
                    "pin": None,
                }
            ]
        }
    )

    credential_id: str
    token: str | None
    pin: str | None


class ListAsked(Asked):
    """What a door has: version and scope of the list that it decides by, 0 and nothing at first.

    `cursor` asks for the next page of a whole list.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"since": 41, "scope": "9f86d081884c7d65"}]}
    )

    since: int = Field(default=0, ge=0, le=2**53)
    scope: str = Field(default="", max_length=32)
    cursor: str | None = Field(default=None, max_length=2_000)


class ListReply(Shown):
    """A door's list: `p` is JSON (docs/device-protocol.md), `s` its HMAC under the door's key."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"p": '{"version": 42}', "s": "c2ln", "kid": "k1"}]}
    )

    p: str
    s: str
    kid: str


class ListLife(Asked):
    """How long a door decides by a list that it cannot renew, in seconds."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"life_s": 86400}]})

    life_s: int = Field(ge=600, le=7 * 86_400)


class ListHeadReply(Shown):
    """An estate's allow-list: its newest version, and how long doors trust theirs."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"version": 42, "life_s": 86400}]})

    version: int
    life_s: int
