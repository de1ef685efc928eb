"""Which device is examined at which deployment: named, from a sign-ins file, or enrolled now."""

from __future__ import annotations

import base64
import binascii
import json
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests

from chalicelib.devices.rules.catalogue import Kind
from tools.conformance.upstream import Upstream
from tools.simulate.enrolling import enrol
from tools.simulate.estate import Device, Estate
from tools.simulate.person import Person
from tools.simulate.signing import DeviceKey, mac

PORTS = {"mqtt": 1883, "mqtts": 8883}


class SubjectError(Exception):
    """Something that must be known was not said."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What the command line says of device and deployment; empty where it says nothing."""

    demo: Path | None
    url: str
    mqtt: str
    certificate: str
    certificate_key: str
    community: str
    token: str
    device: str
    kind: str
    key_id: str
    key: str
    enrol: str
    place: str


@dataclass(frozen=True, slots=True)
class Subject:
    """A device at its deployment; `staff` is None without a sign-in."""

    device: Device
    base_url: str
    upstream: Upstream | None
    staff: Person | None


def subject(asking: Asking) -> Subject:
    """Find out whom we examine; raises SubjectError, or requests' errors while enrolling."""
    try:
        return _subject(asking)
    except (KeyError, TypeError, AttributeError) as failure:
        raise SubjectError(f"{asking.demo} is no sign-ins file: {failure!r}") from failure
    except requests.RequestException:
        raise
    except ValueError as failure:  # a port that is none, an address that is none
        raise SubjectError(f"not understood: {failure}") from failure


def _subject(asking: Asking) -> Subject:
    estate = Estate.of(_read(asking.demo)) if asking.demo else None
    url = asking.url or (estate.base_url if estate else "")
    if not url:
        raise SubjectError("--url or --demo must say where the deployment is")
    token = asking.token or (estate.tokens["property"] if estate else "")
    staff = Person(url, token) if token else None
    mqtt = asking.mqtt or (f"mqtt://{estate.mqtt_host}:{estate.mqtt_port}" if estate else "")
    device = _device(asking, estate, staff)
    return Subject(device, url.rstrip("/"), _upstream(asking, mqtt), staff)


def _read(path: Path) -> dict[str, object]:
    try:
        known: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as failure:
        raise SubjectError(f"{path} cannot be read: {failure}") from failure
    return known


def _device(asking: Asking, estate: Estate | None, staff: Person | None) -> Device:
    community = asking.community or (estate.community_id if estate else "")
    kind = _kind(asking.enrol or asking.kind) if asking.enrol or asking.kind else ""
    if asking.enrol:
        if staff is None or not asking.place or not community:
            raise SubjectError("--enrol needs --token, --place and --community, or --demo")
        return enrol(staff, community, kind, asking.place)
    if not asking.device:
        raise SubjectError("--device or --enrol must say which device")
    if asking.key:
        if not kind or not community:
            raise SubjectError("--key needs --kind and --community")
        key = _key(asking)
        return Device(kind, community, key, asking.device, mac(key.secret, b"mqtt"))
    try:
        if estate is not None:
            return estate.device(asking.device)
    except KeyError:
        pass
    raise SubjectError(f"the key of {asking.device} is not known: give --key, --kind, --community")


def _kind(text: str) -> str:
    if text not in set(Kind):
        raise SubjectError(f"no such kind: {text}; there are {', '.join(sorted(Kind))}")
    return text


def _key(asking: Asking) -> DeviceKey:
    try:
        return DeviceKey.from_text(asking.device, asking.key_id, asking.key)
    except (binascii.Error, ValueError) as failure:
        raise SubjectError("--key is not base64") from failure


def _upstream(asking: Asking, mqtt: str) -> Upstream | None:
    """Return where the broker is; with a certificate it is entered as AWS IoT is (mutual TLS)."""
    if not mqtt:
        return None
    at = urlsplit(mqtt)
    if at.scheme not in PORTS or not at.hostname:
        raise SubjectError(f"not a broker's address: {mqtt}")
    tls = ssl.create_default_context() if at.scheme == "mqtts" else None
    if tls is not None and asking.certificate:
        tls.load_cert_chain(asking.certificate, asking.certificate_key or None)
    return Upstream(at.hostname, at.port or PORTS[at.scheme], tls)


def text_of(secret: bytes) -> str:
    """Return a key as people enter it into a device."""
    return base64.b64encode(secret).decode()
