"""The demo estate as `make run` leaves it in `.local/demo.json`: addresses, sign-ins, devices."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tools.simulate.signing import DeviceKey, mac


@dataclass(frozen=True, slots=True)
class Device:
    """One device of the estate: its kind, its key, and how it signs in at the broker.

    One with an `adapter` posts its vendor's format to `adapter_path`.
    """

    kind: str
    community_id: str
    key: DeviceKey
    mqtt_user: str
    mqtt_password: str
    place_id: str = ""
    serial: str = ""
    gateway_id: str = ""
    adapter: str = ""
    adapter_path: str = field(default="", repr=False)
    adapter_settings: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def id(self) -> str:
        """The device's id, as topics and headers carry it."""
        return self.key.device_id


@dataclass(frozen=True, slots=True)
class Estate:
    """Everything an outside client needs to act as anyone in the demo community."""

    base_url: str
    mqtt_host: str
    mqtt_port: int
    community_id: str
    tokens: Mapping[str, str]
    devices: tuple[Device, ...]
    ids: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> Estate:
        """Read the file; a missing field is a KeyError naming it."""
        return cls.of(json.loads(path.read_text(encoding="utf-8")))

    @classmethod
    def of(cls, demo: Mapping[str, Any]) -> Estate:
        """Build from the parsed file."""
        host, port = _address(demo["mqtt"])
        return cls(
            base_url=demo["base_url"].rstrip("/"),
            mqtt_host=host,
            mqtt_port=port,
            community_id=demo["community_id"],
            tokens=demo["tokens"],
            devices=tuple(device_of(entry, demo["community_id"]) for entry in demo["devices"]),
            ids=demo["ids"],
        )

    def reached_at(self, http: str, mqtt_host: str, mqtt_port: int) -> Estate:
        """Return the same estate at other addresses, where any are given."""
        return replace(
            self,
            base_url=http.rstrip("/") or self.base_url,
            mqtt_host=mqtt_host or self.mqtt_host,
            mqtt_port=mqtt_port or self.mqtt_port,
        )

    def of_kind(self, kind: str) -> tuple[Device, ...]:
        """All devices of one kind, in the file's order."""
        return tuple(device for device in self.devices if device.kind == kind)

    def device(self, device_id: str) -> Device:
        """One device by id; KeyError if the estate has none."""
        for device in self.devices:
            if device.id == device_id:
                return device
        raise KeyError(device_id)


MORE = ("serial", "gateway_id", "adapter", "adapter_path", "adapter_settings")


def _address(mqtt: str) -> tuple[str, int]:
    """Split `mqtt://[user:password@]host:port`."""
    host, _, port = mqtt.rpartition("/")[2].rpartition("@")[2].partition(":")
    return host, int(port or 1883)


def device_of(entry: Mapping[str, Any], community_id: str) -> Device:
    """Read one entry; what a device shows the broker is derived from its key, not the key."""
    key = DeviceKey.from_text(entry["id"], entry["key_id"], entry["key"])
    return Device(
        kind=entry["kind"],
        community_id=entry.get("community_id", community_id),
        key=key,
        mqtt_user=entry.get("mqtt_user", entry["id"]),
        mqtt_password=mac(key.secret, b"mqtt"),
        place_id=entry.get("place_id", ""),
        **{name: entry[name] for name in MORE if name in entry},
    )
