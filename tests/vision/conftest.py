"""The demo pack, a way to spoil copies of it, and a lift camera whose pictures are stored."""

import dataclasses
import hashlib
import json
import shutil
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.core import aws, clock
from chalicelib.core.config import settings
from chalicelib.devices.events import DeviceEventRecorded
from chalicelib.vision import rules, service

PACK = Path("packs/demo")


@pytest.fixture(scope="session")
def pack() -> service.Pack:
    return service.open_pack(str(PACK))


@pytest.fixture
def manifest(pack: service.Pack) -> rules.Manifest:
    return pack.manifest


@pytest.fixture
def spoilt(tmp_path: Path) -> Callable[..., str]:
    """Copy the demo pack, change its manifest, and return the folder."""

    def make(change: Callable[[dict[str, Any]], Any] = len, **files: bytes) -> str:
        folder = tmp_path / uuid.uuid4().hex
        shutil.copytree(PACK, folder)
        said = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        change(said)
        (folder / "manifest.json").write_text(json.dumps(said), encoding="utf-8")
        for name, content in files.items():
            (folder / name.replace("__", ".")).write_bytes(content)
        return str(folder)

    return make


@dataclasses.dataclass
class Camera:
    """A lift camera whose pictures lie where its uploads would."""

    community: str
    id: str = dataclasses.field(default_factory=lambda: f"cam_{uuid.uuid4().hex[:8]}")
    sequence: int = 0

    def store(self, content: bytes) -> dict[str, str]:
        digest = hashlib.sha256(content).hexdigest()
        key = f"{self.community}/stills/{self.id}/{digest}.jpg"
        aws.client("s3").put_object(Bucket=settings().media_bucket, Key=key, Body=content)
        return {"key": key, "sha256": digest}

    def event(self, picture: Any, *, received_s_ago: float = 0) -> DeviceEventRecorded:
        self.sequence += 1
        at = clock.now() - timedelta(seconds=received_s_ago)
        return DeviceEventRecorded(
            community_id=self.community,
            device_id=self.id,
            kind="lift_camera",
            place_id="lift-1",
            event_id=f"e_{uuid.uuid4().hex}",
            type="lift.sighting",
            data={"picture": picture},
            boot=1,
            sequence=self.sequence,
            occurred_at=at,
            received_at=at,
            live=True,
        )


@pytest.fixture
def camera(cloud: None, community: str) -> Camera:
    return Camera(community)
