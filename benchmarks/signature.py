"""Checking who signed an upload: HMAC and Ed25519. No network call."""

from __future__ import annotations

import base64
import os
import secrets
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.figures import Figure
from tools.simulate.signing import DeviceKey, webhook_headers

ROUNDS, CHECKS = 15, 400
BUDGET_US = 20
BODY = b'{"specversion":"1.0"}' * 50
"""About a kilobyte: one event with a few readings."""

Headers = dict[str, str]


def measure() -> list[Figure]:
    """Time both in turns; the best round of each is its true cost."""
    with tempfile.TemporaryDirectory() as folder:
        master = Path(folder) / "master.key"
        master.write_bytes(secrets.token_bytes(32))
        os.environ["LINLI_MASTER_KEY"] = f"file:{master}"
        os.environ["AWS_DEFAULT_REGION"] = "cn-north-1"
        shared, own = (_best_of_rounds(*signed) for signed in (_shared(), _own()))
    note = f"{len(BODY)} bytes"
    return [
        Figure("authenticate an upload, shared key", shared, BUDGET_US, "µs", note=note),
        Figure("authenticate an upload, Ed25519", own, unit="µs", note="v1a, for who wants it"),
    ]


def _best_of_rounds(device: Any, headers: Headers) -> float:
    """Return the least microseconds that authenticating this request took."""
    from chalicelib.core import aws  # noqa: PLC0415 -- after the keys are set
    from chalicelib.devices.service.admission import authenticate  # noqa: PLC0415 -- as above

    best = float("inf")
    with aws.using({"dynamodb": _Store(device.serialize())}):
        authenticate(headers, BODY)  # reads the device; from now on it is remembered
        for _ in range(ROUNDS):
            began = time.perf_counter()
            for _ in range(CHECKS):
                authenticate(headers, BODY)
            best = min(best, (time.perf_counter() - began) / CHECKS)
    return 1e6 * best


def _shared() -> tuple[Any, Headers]:
    from chalicelib.core import keyring  # noqa: PLC0415 -- as above

    secret = secrets.token_bytes(32)
    sealed = base64.b64encode(keyring.seal(secret, "shared/k1")).decode()
    key = DeviceKey("shared", "k1", secret)
    headers = webhook_headers(key, BODY, webhook_id="m_1", at_s=int(time.time()))
    return _device("shared", sealed), headers


def _own() -> tuple[Any, Headers]:
    private = Ed25519PrivateKey.generate()
    public = base64.b64encode(private.public_key().public_bytes_raw()).decode()
    key = DeviceKey("own", "k1", b"")
    headers = webhook_headers(key, BODY, webhook_id="m_1", at_s=int(time.time()))
    content = f"m_1.{headers['webhook-timestamp']}.".encode() + BODY
    signature = "v1a," + base64.b64encode(private.sign(content)).decode()
    return _device("own", {"ed25519": public}), {**headers, "webhook-signature": signature}


def _device(device_id: str, key: Any) -> Any:
    from chalicelib.devices.tables.registry import Device  # noqa: PLC0415 -- as above

    return Device(
        device_id=device_id,
        community_id="heyuan",
        kind="meter",
        place_id="heyuan-1-101",
        place_key="heyuan#heyuan-1-101",
        name="meter",
        keys={"k1": key},
    )


class _Store:
    """A DynamoDB that has one device."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.row = row

    def _make_api_call(self, _operation: str, _asked: Mapping[str, Any]) -> dict[str, Any]:
        return {"Item": self.row}
