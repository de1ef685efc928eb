import dataclasses
import io
import struct
import zlib

import pytest
from PIL import Image

from chalicelib.vision.detectors import onnx_cpu
from chalicelib.vision.events import Reason
from tests.vision.conftest import PACK
from tools.lift_pictures import KINDS, render


def encoded(form: str, size: tuple[int, int] = (64, 48), **options) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (90, 120, 150)).save(out, form, **options)
    return out.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that promises a size and then has no pixels."""
    ihdr = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13) + ihdr + struct.pack(">I", zlib.crc32(ihdr))
        + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    )  # fmt: skip


def scan_bomb(scans: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again: minutes of work in 200 KB."""
    buffer = io.BytesIO()
    Image.new("L", (64, 64), 128).save(buffer, "JPEG", progressive=True)
    whole = buffer.getvalue()
    last = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + last * scans + whole[-2:]


JPEG = encoded("JPEG")
HOSTILE = {
    "empty": (b"", Reason.UNREADABLE),
    "text as JPEG": (b"this is not a picture, whatever its name says" * 40, Reason.UNREADABLE),
    "magic only": (b"\xff\xd8\xff\xe0" + b"\x00" * 500, Reason.UNREADABLE),
    "truncated JPEG": (render("person", 1)[:9_000], Reason.UNREADABLE),
    "truncated PNG": (encoded("PNG", (640, 480))[:400], Reason.UNREADABLE),
    "PNG without pixels": (png_header(640, 480), Reason.UNREADABLE),
    "pixel bomb": (png_header(20_000, 20_000), Reason.TOO_MANY_PIXELS),
    "100,000 pixels wide": (png_header(100_000, 64), Reason.BAD_SHAPE),
    "a dot": (encoded("PNG", (8, 8)), Reason.BAD_SHAPE),
    "scan bomb": (scan_bomb(100), Reason.UNREADABLE),
    "GIF": (encoded("GIF"), Reason.UNREADABLE),
    "TIFF": (encoded("TIFF"), Reason.UNREADABLE),
    "FITS": (b"SIMPLE  =                    T" + b" " * 2850, Reason.UNREADABLE),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', Reason.UNREADABLE),
    "HTML polyglot": (b"<html><script>alert(1)</script>" + JPEG, Reason.UNREADABLE),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_picture_is_refused_with_a_reason(pack, name):
    content, reason = HOSTILE[name]
    assert onnx_cpu.look(pack.session, content, pack.manifest.input) is reason


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("size", [(32, 32), (640, 480), (1920, 1080), (50, 3_000)])
def test_any_size_becomes_the_lens(pack, form, size):
    seen = onnx_cpu.tensor(encoded(form, size), pack.manifest.input)
    assert (seen.shape, str(seen.dtype)) == ((1, 3, 96, 96), "float32")
    wanted = [(value - 127.5) / 127.5 for value in (90, 120, 150)]
    assert seen.mean(axis=(0, 2, 3)) == pytest.approx(wanted, abs=0.04)


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "LA", "CMYK", "I;16"])
def test_other_colour_modes_are_read(pack, mode):
    out = io.BytesIO()
    Image.new(mode, (64, 48)).save(out, "JPEG" if mode == "CMYK" else "PNG")
    assert onnx_cpu.tensor(out.getvalue(), pack.manifest.input).shape == (1, 3, 96, 96)


def test_bgr_is_rgb_backwards(pack):
    other = dataclasses.replace(pack.manifest.input, color="BGR")
    rgb = onnx_cpu.tensor(JPEG, pack.manifest.input)
    assert (onnx_cpu.tensor(JPEG, other) == rgb[:, ::-1]).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_demo_model_knows_the_drawn_kinds(pack, kind):
    """Twenty pictures that neither training nor its figures have seen: at most one is wrong."""
    wrong = 0
    for seed in range(5_000_000, 5_000_020):
        scores = {one.kind: one.score for one in pack.look(render(kind, seed))}
        wrong += (scores["two_wheeler"] >= 0.5) != ("two_wheeler" in kind)
    assert wrong <= 1


def test_opset_is_read_from_the_model_itself():
    assert onnx_cpu.opset_of((PACK / "model.onnx").read_bytes()) == 17


@pytest.mark.parametrize("junk", [b"", b"\xff" * 50, b"\x42\xff\x01", b"not a model", b"\x08\x01"])
def test_junk_has_no_opset(junk):
    assert onnx_cpu.opset_of(junk) == 0


def test_another_domains_opset_does_not_count():
    foreign = b"\x0a\x02ml\x10\x05"
    ours = b"\x10\x11"
    model = b"".join(b"\x42" + bytes([len(one)]) + one for one in (foreign, ours))
    assert onnx_cpu.opset_of(model) == 17


@pytest.mark.parametrize(("opset", "refused"), [(17, None), (16, "opset_differs")])
def test_the_engine_says_which_models_it_runs(opset, refused):
    model = (PACK / "model.onnx").read_bytes()
    assert onnx_cpu.refusal(model, opset) == refused
    assert onnx_cpu.refusal(model, None) == "opset_differs"
    assert onnx_cpu.refusal(b"junk", 0) == "opset_differs"


def test_looking_twice_sees_the_same(pack):
    picture = render("two_wheeler", 3)
    assert pack.look(picture) == pack.look(picture)


def test_a_drawn_picture_is_the_same_every_time():
    assert render("pram", 4) == render("pram", 4) != render("pram", 5)
    with pytest.raises(ValueError, match="unknown kind"):
        render("dragon", 1)
