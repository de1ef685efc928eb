"""The use case of vision: a reported picture is fetched, checked, looked at, and told of."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import TypeAdapter, ValidationError

from chalicelib.core import aws, clock, outbox
from chalicelib.core.config import settings
from chalicelib.core.errors import Unavailable
from chalicelib.core.logs import logger
from chalicelib.core.retention import Kept, kept_until
from chalicelib.core.table import tenant_key
from chalicelib.devices.events import DeviceEventRecorded
from chalicelib.vision import rules
from chalicelib.vision.decoders import DECODERS
from chalicelib.vision.detectors import DETECTORS
from chalicelib.vision.events import FrameExamined, FrameRefused, Reason, Sighted
from chalicelib.vision.tables import Detections

SIGHTING = "lift.sighting"

_MISSING = ("NoSuchKey", "404", "AccessDenied")
"""S3 says AccessDenied of a missing object to whoever may not list the bucket."""


class PackRefused(Exception):  # noqa: N818 -- a verdict on a pack, with its reason
    """A model pack that is not what it says, or does not do what it promises."""


@dataclass(frozen=True)
class Pack:
    """A model pack that passed its self-test, ready to look at pictures."""

    manifest: rules.Manifest
    detector: ModuleType
    decoder: ModuleType
    session: Any

    @property
    def name(self) -> str:
        """Return id, version and the first of the hash, for the record."""
        return f"{self.manifest.id}@{self.manifest.version}#{self.manifest.sha256[:12]}"

    def look(self, picture: bytes) -> tuple[Sighted, ...] | Reason:
        """Return everything the model says of a picture, in its own words, or a refusal."""
        outputs = self.detector.look(self.session, picture, self.manifest.input)
        if isinstance(outputs, Reason):
            return outputs
        seen: tuple[Sighted, ...] = self.decoder.decode(outputs, self.manifest.classes)
        return seen


def examine(event: DeviceEventRecorded) -> None:
    """Look at the picture of a lift sighting; record and announce what was seen, once.

    A hostile or wrong picture is recorded as refused: the same bytes would fail again.
    Raises Unavailable (`picture_not_there`) while a picture may still come.
    """
    if event.type != SIGHTING:
        return
    content = _content(event)
    pack = open_pack(settings().model_pack)
    seen = content if isinstance(content, Reason) else pack.look(content)
    if isinstance(seen, Reason):
        logger().warning("frame refused", extra={"frame": event.event_id, "reason": seen.value})
        _save(_row(event, pack, refused=seen), _refusal(event, seen))
        return
    objects = rules.counted(pack.manifest, seen)
    _save(_row(event, pack, objects=objects), _examined(event, objects))


def _content(event: DeviceEventRecorded) -> bytes | Reason:
    """Return the bytes of the event's picture, or why they will never do."""
    picture = rules.named(event.data, event.community_id, event.device_id)
    if isinstance(picture, Reason):
        return picture
    content = _fetched(picture.key)
    if content is not None:
        return rules.mistrust(picture, content) or content
    if rules.given_up(event.received_at, clock.now()):
        return Reason.NEVER_CAME
    raise Unavailable("picture_not_there", "图片尚未上传完成")


def _fetched(key: str) -> bytes | None:
    """Return an object's bytes, one more than allowed at most, or None if there is none."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 -- boto3 is loaded on first use

    try:
        reply = aws.client("s3").get_object(Bucket=settings().media_bucket, Key=key)
    except ClientError as failure:
        if failure.response["Error"]["Code"] in _MISSING:
            return None
        raise
    with reply["Body"] as body:
        return bytes(body.read(rules.MOST_BYTES + 1))


def _save(row: Detections, announced: FrameExamined | FrameRefused) -> None:
    if not outbox.commit_once(row, events=(announced,)):
        logger().info("frame known", extra={"frame": row.event_id})


def _row(
    event: DeviceEventRecorded,
    pack: Pack,
    *,
    objects: tuple[Sighted, ...] = (),
    refused: Reason | None = None,
) -> Detections:
    picture = rules.named(event.data, event.community_id, event.device_id)
    return Detections(
        camera_key=tenant_key(event.community_id, event.device_id),
        event_id=event.event_id,
        community_id=event.community_id,
        camera_id=event.device_id,
        place_id=event.place_id,
        boot=event.boot,
        sequence=event.sequence,
        occurred_at=clock.epoch_ms(event.occurred_at),
        live=event.live,
        picture="" if isinstance(picture, Reason) else picture.key,
        model=pack.name,
        objects=[asdict(one) for one in objects],
        refused=refused.value if refused else None,
        expires=kept_until(Kept.STILL, clock.now()),
    )


def _examined(event: DeviceEventRecorded, objects: tuple[Sighted, ...]) -> FrameExamined:
    return FrameExamined(
        community_id=event.community_id,
        camera_id=event.device_id,
        place_id=event.place_id,
        event_id=event.event_id,
        boot=event.boot,
        sequence=event.sequence,
        occurred_at=event.occurred_at,
        received_at=event.received_at,
        live=event.live,
        objects=objects,
    )


def _refusal(event: DeviceEventRecorded, reason: Reason) -> FrameRefused:
    return FrameRefused(
        community_id=event.community_id,
        camera_id=event.device_id,
        place_id=event.place_id,
        event_id=event.event_id,
        reason=reason,
    )


# Packs -------------------------------------------------------------------------------------

_sessions: dict[str, Any] = {}
"""Engine sessions by the SHA-256 of their model: a warm Lambda loads each model once."""


@lru_cache(maxsize=4)
def open_pack(location: str) -> Pack:
    """Return the pack in a folder or under `s3://bucket/prefix/` after its self-test.

    Raises PackRefused with a stable reason; the process keeps the pack it accepted.
    """
    read = _reader(location)
    manifest = _manifest(read("manifest.json"))
    model = read(manifest.file)
    _demand(rules.model_refusal(manifest, model))
    try:
        detector, decoder = DETECTORS.load(manifest.detector), DECODERS.load(manifest.decoder)
    except KeyError as unknown:
        raise PackRefused("unknown_plugin") from unknown
    _demand(detector.refusal(model, manifest.opset))
    pack = Pack(manifest, detector, decoder, _session(manifest, detector, model))
    _demand(rules.shape_refusal(manifest, *detector.shape(pack.session)))
    for golden in manifest.golden:
        _demand(_tested(pack, golden, read(golden.image)))
    return pack


def _session(manifest: rules.Manifest, detector: ModuleType, model: bytes) -> Any:
    if manifest.sha256 not in _sessions:
        try:
            _sessions[manifest.sha256] = detector.load(model)
        except Exception as failure:
            raise PackRefused("model_unreadable") from failure
    return _sessions[manifest.sha256]


def _tested(pack: Pack, golden: rules.Golden, picture: bytes) -> str | None:
    if hashlib.sha256(picture).hexdigest() != golden.image_sha256:
        return "golden_picture_differs"
    seen = pack.look(picture)
    if isinstance(seen, Reason):
        return "golden_not_reproduced"
    return rules.golden_refusal(pack.manifest, golden, seen)


def _demand(refusal: str | None) -> None:
    if refusal:
        raise PackRefused(refusal)


def _manifest(text: bytes) -> rules.Manifest:
    """Parse a manifest; its `class` is our `name`, since Python keeps that word."""

    def renamed(said: dict[str, Any]) -> dict[str, Any]:
        return {"name" if key == "class" else key: value for key, value in said.items()}

    try:
        said = json.loads(text, object_hook=renamed)
        manifest = TypeAdapter(rules.Manifest).validate_python(said)
    except (ValueError, ValidationError) as failure:
        raise PackRefused("manifest_invalid") from failure
    names = (manifest.file, *(golden.image for golden in manifest.golden))
    _demand("manifest_invalid" if any("/" in name or name == ".." for name in names) else None)
    return manifest


def _reader(location: str) -> Callable[[str], bytes]:
    if location.startswith("s3://"):
        bucket, _, prefix = location.removeprefix("s3://").partition("/")

        def fetch(name: str) -> bytes:
            reply = aws.client("s3").get_object(Bucket=bucket, Key=prefix + name)
            return bytes(reply["Body"].read())

        return fetch
    return lambda name: (Path(location) / name).read_bytes()
