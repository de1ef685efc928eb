"""What staff send and see of devices."""

import base64
import binascii
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, JsonValue

from chalicelib.core.schema import Asked, Identifier, Moment, Page, Paging, Shown, Text
from chalicelib.devices.rules.catalogue import Kind, Offline
from chalicelib.devices.rules.registry import Standing

MOST_SHEET = 1_400_000
"""Characters of a sheet in base64: 1 MB."""

MOST_PATH = 500
MOST_LABELS = 240
"""Ten sheets of 24."""

ED25519_BYTES = 32


def _public_key(text: str) -> str:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != ED25519_BYTES:
        raise ValueError("a public key is 32 bytes in base64")
    return text


PublicKey = Annotated[str, Field(max_length=44), AfterValidator(_public_key)]
"""An Ed25519 public key (RFC 8032), base64."""

Plate = Annotated[Text, Field(max_length=60)]
"""A word of a type plate."""

Path = Annotated[str, Field(max_length=MOST_PATH, pattern=r"^[A-Za-z0-9_/-]*$")]
"""The path of a node or flat in the organisation tree."""

_SPOT: dict[str, JsonValue] = {"place_id": "heyuan-lift-1", "node_path": "", "gateway_id": None}
_PLATE: dict[str, JsonValue] = {
    "vendor": "海康威视",
    "model": "DS-K1T671",
    "serial": "F12345678",
    "firmware": "V3.2.1",
    "warranty_until": "2028-06-30",
}
_KEY = "bm90IGEga2V5LCBidXQgYXMgbG9uZyBhcyBhIGtleQ=="


class DeviceQuery(Paging):
    """Which devices a list shows; `under` is the path of a node whose subtree is meant."""

    kind: Kind | None = None
    place_id: Identifier | None = None
    under: Path | None = None
    retired: bool = False


class LabelQuery(DeviceQuery):
    """Which devices' labels are printed; `limit` defaults to one sheet."""

    limit: int = Field(default=24, ge=1, le=MOST_LABELS)


class DeviceShown(Shown):
    """A device as staff see it in a list; never its keys."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "device_id": "heyuan-gate-01",
                    "kind": "gate",
                    "name": "东门",
                    "place_id": "heyuan-entrance-01",
                    "node_path": "binjiang/heping/heping-1/heyuan",
                    "gateway_id": None,
                    "standing": "in_service",
                    "serial": "F12345678",
                }
            ]
        }
    )

    device_id: str
    kind: str
    name: str
    place_id: str
    node_path: str | None
    gateway_id: str | None
    standing: Standing
    serial: str | None


class DevicePage(Page[DeviceShown]):
    """One page of devices."""


class KeyShown(Shown):
    """A live key of a device: how it signs, never what with."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"key_id": "k1", "algorithm": "hmac", "signs_commands": True}]
        }
    )

    key_id: str
    algorithm: str = Field(description="hmac or ed25519")
    signs_commands: bool


class KeysReply(Shown):
    """The live keys of a device, the oldest first."""

    items: list[KeyShown]


class DeviceDetail(DeviceShown):
    """Everything that is known of a device but what it reports."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "device_id": "heyuan-gate-01",
                    "kind": "gate",
                    "name": "东门",
                    "place_id": "heyuan-entrance-01",
                    "node_path": "binjiang/heping/heping-1/heyuan",
                    "gateway_id": None,
                    "standing": "in_service",
                    **_PLATE,
                    "hardware": 1,
                    "driver": None,
                    "adapter": None,
                    "maintained_until": None,
                    "enrolled_at": "2026-11-21T08:00:00Z",
                    "retired_at": None,
                    "keys": [{"key_id": "k1", "algorithm": "hmac", "signs_commands": True}],
                }
            ]
        }
    )

    vendor: str | None
    model: str | None
    firmware: str | None
    warranty_until: date | None
    hardware: int = Field(description="how many pieces of hardware stood under this id")
    driver: str | None
    adapter: str | None
    maintained_until: Moment | None
    enrolled_at: Moment
    retired_at: Moment | None
    keys: list[KeyShown]


class OpShown(Shown):
    """A command that devices of a kind understand."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "gate.open", "void_after_s": 5}]}
    )

    name: str
    void_after_s: int


class QuantityShown(Shown):
    """What devices of a kind measure, and its SenML unit (RFC 8428)."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "temperature", "unit": "Cel"}]}
    )

    name: str
    unit: str


class KindShown(Shown):
    """What is declared of a kind: what it reports, understands, measures, and does alone."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "gate",
                    "name": "人行门",
                    "offline": "local_list",
                    "heartbeat_s": 60,
                    "reports": ["access.passed", "device.heartbeat"],
                    "understands": [{"name": "gate.open", "void_after_s": 5}],
                    "measures": [],
                }
            ]
        }
    )

    kind: Kind
    name: str
    offline: Offline
    heartbeat_s: int
    reports: list[str]
    understands: list[OpShown]
    measures: list[QuantityShown]


class KindsReply(Shown):
    """Every kind of device there is."""

    items: list[KindShown]


class SpotAsked(Asked):
    """A device's name and where it stands; an empty `node_path` is the estate itself.

    `place_id`: a node, a flat, or where devices stand already; else its node (`new_place`: new).
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "东门", **_SPOT}]})

    name: Text = Field(min_length=1, max_length=60, examples=["东门"])
    place_id: Identifier | None = Field(default=None, examples=["heyuan-entrance-01"])
    new_place: bool = False
    node_path: Path = ""
    gateway_id: Identifier | None = None


class PlateAsked(Asked):
    """What the type plate of a piece of hardware says; a public key if it makes its own."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PLATE]})

    vendor: Plate = ""
    model: Plate = ""
    serial: Plate = ""
    firmware: Plate = ""
    warranty_until: date | None = None
    public_key: PublicKey | None = None


class EnrolAsked(SpotAsked, PlateAsked):
    """A device to be enrolled."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "gate", "name": "东门", **_SPOT, **_PLATE}]}
    )

    kind: Kind


class EnrolmentReply(Shown):
    """A device's new key (base64): shown now and never again. Empty for a public key."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "device_id": "dev_01M7ZG540BFJN7A0SYZT0C9YBX",
                    "kind": "gate",
                    "key_id": "k1",
                    "key": _KEY,
                }
            ]
        }
    )

    device_id: str
    kind: str
    key_id: str
    key: str


class KeyAsked(Asked):
    """A new key is wanted: a secret one, or the public one that the device has made."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"public_key": None}]})

    public_key: PublicKey | None = None


class KeyReply(Shown):
    """A device's new key (base64): shown now and never again. Empty for a public key."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"device_id": "heyuan-gate-01", "key_id": "k2", "key": _KEY}]
        }
    )

    device_id: str
    key_id: str
    key: str
