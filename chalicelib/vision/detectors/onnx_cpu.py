"""ONNX Runtime on one CPU thread, with Pillow before it.

Shape of a detector: `refusal(model, opset)` says why it cannot run a model, before it is
loaded; `load(model) -> session`, `shape(session)`, and `look(session, picture, lens) -> raw
outputs`, or the `Reason` why the picture is refused.
"""

import io
import struct
import zlib
from collections.abc import Sequence
from typing import Any, Protocol

from chalicelib.vision.events import Reason

OPSETS = range(11, 22)
"""Versions of ONNX's operators that this runtime runs as the model's author meant them."""

FORMATS = ("JPEG", "PNG", "WEBP")
MOST_PIXELS = 40_000_000
START_OF_SCAN, MOST_SCANS = b"\xff\xda", 24
"""A progressive JPEG has about ten scans; each costs a pass over every pixel (T.81)."""

LEAST_SIDE, MOST_SIDE = 32, 12_000

_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error)
"""What Pillow's parsers raise on hostile bytes; each means that they are no picture."""


class Lens(Protocol):
    """How a pack wants its input: pixels, channel order, and (x - mean) / std on 0-255."""

    @property
    def name(self) -> str:
        """Return the name of the model's input."""

    @property
    def w(self) -> int:
        """Return the width in pixels."""

    @property
    def h(self) -> int:
        """Return the height in pixels."""

    @property
    def color(self) -> str:
        """Return `RGB` or `BGR`."""

    @property
    def mean(self) -> Sequence[float]:
        """Return what to subtract, per channel."""

    @property
    def std(self) -> Sequence[float]:
        """Return what to divide by, per channel."""


def refusal(model: bytes, opset: int | None) -> str | None:
    """Return why this engine does not run a model whose manifest says this opset."""
    return None if opset in OPSETS and opset_of(model) == opset else "opset_differs"


def load(model: bytes) -> Any:
    """Return a session over these model bytes: one thread, since a Lambda has one or two."""
    import onnxruntime  # 100 ms, and only the inference function has it

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def shape(session: Any) -> tuple[str, tuple[int, ...]]:
    """Return the name and shape of the session's first input."""
    taken = session.get_inputs()[0]
    return taken.name, tuple(taken.shape)


def look(session: Any, picture: bytes, lens: Any) -> tuple[Any, ...] | Reason:
    """Run the model on one picture, given its `Lens`: float32 outputs, or why it was refused."""
    seen = tensor(picture, lens)
    if isinstance(seen, Reason):
        return seen
    return tuple(session.run(None, {lens.name: seen}))


def tensor(picture: bytes, lens: Lens) -> Any:
    """Return the picture as float32 [1, 3, h, w], stretched, or the `Reason` it is refused.

    A JPEG is decoded at the smallest scale that is not below the lens (draft mode): a
    fifth of the time of a full decode at 1080p.
    """
    import numpy as np
    from PIL import Image

    if picture.count(START_OF_SCAN) > MOST_SCANS and picture.startswith(b"\xff\xd8"):
        return Reason.UNREADABLE  # a scan bomb: the marker cannot occur inside coded data
    Image.MAX_IMAGE_PIXELS = None  # `_refused` is stricter, and no warning
    try:
        with Image.open(io.BytesIO(picture), formats=FORMATS) as image:
            if reason := _refused(image.size):
                return reason
            image.draft("RGB", (lens.w, lens.h))
            small = image.convert("RGB").resize((lens.w, lens.h), Image.Resampling.BILINEAR)
    except _BROKEN:
        return Reason.UNREADABLE
    pixels = np.asarray(small, dtype=np.float32)
    if lens.color == "BGR":
        pixels = pixels[:, :, ::-1]
    scaled = (pixels - np.asarray(lens.mean, np.float32)) / np.asarray(lens.std, np.float32)
    return np.ascontiguousarray(scaled.transpose(2, 0, 1)[None])


def _refused(size: tuple[int, int]) -> Reason | None:
    """Judge by the header alone, before any pixel is decoded."""
    if size[0] * size[1] > MOST_PIXELS:
        return Reason.TOO_MANY_PIXELS
    if min(size) < LEAST_SIDE or max(size) > MOST_SIDE:
        return Reason.BAD_SHAPE
    return None


# The opset of a model ---------------------------------------------------------------------


VARINT, DELIMITED, MORE = 0, 2, 0x80
OPSET_IMPORT = 8
"""Wire types, the continuation bit, and a field of ONNX's `ModelProto`."""


def opset_of(model: bytes) -> int:
    """Return the opset of ONNX's own operators that a model file declares, 0 if none.

    Reads one field of the protobuf (`opset_import`, in it `domain` = 1, `version` = 2), so
    that a model is judged before any engine parses it.
    """
    for field, imported in _fields(model):
        if field == OPSET_IMPORT and isinstance(imported, bytes):
            said = dict(_fields(imported))
            if said.get(1, b"") in (b"", b"ai.onnx"):
                version = said.get(2)
                return version if isinstance(version, int) else 0
    return 0


def _fields(message: bytes) -> list[tuple[int, int | bytes]]:
    """Return the varint and length-delimited fields of a protobuf message, or none at all."""
    found: list[tuple[int, int | bytes]] = []
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        value, at = _varint(message, at)
        if tag & 7 == VARINT:
            found.append((tag >> 3, value))
        elif tag & 7 == DELIMITED and at + value <= len(message):
            found.append((tag >> 3, message[at : at + value]))
            at += value
        else:
            return []
    return found


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place, byte in enumerate(message[at : at + 10]):
        value |= (byte & 0x7F) << (7 * place)
        if not byte & MORE:
            return value, at + place + 1
    return 7, len(message)  # no such wire type: the caller stops
