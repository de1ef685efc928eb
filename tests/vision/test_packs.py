import dataclasses
import hashlib
import json
from pathlib import Path

import pytest

from chalicelib.core import aws
from chalicelib.core.config import settings
from chalicelib.vision import rules, service
from chalicelib.vision.service import PackRefused, open_pack
from tests.vision.conftest import PACK
from tools.lift_pictures import render

MODEL = (PACK / "model.onnx").read_bytes()


def edited(**values):
    return lambda said: said.update(values)


def lens(**values):
    return lambda said: said["input"].update(values)


def resigned(model: bytes):
    """Keep the manifest true to another model."""
    return edited(sha256=hashlib.sha256(model).hexdigest(), bytes=len(model))


def unhelpful(said):
    said["golden"][0]["expect"][1]["score"] = 0.2


SPOILS = {
    "unknown field": (edited(hobby="chess"), "manifest_invalid"),
    "missing field": (lambda said: said.pop("classes"), "manifest_invalid"),
    "a path for a file": (edited(file="../model.onnx"), "manifest_invalid"),
    "another schema": (edited(schema=2), "unknown_schema"),
    "another size": (edited(bytes=1), "model_size_differs"),
    "another hash": (edited(sha256="0" * 64), "model_sha256_differs"),
    "another opset": (edited(opset=16), "opset_differs"),
    "an ONNX model without its opset": (lambda said: said.pop("opset"), "opset_differs"),
    "an opset we cannot run": (edited(opset=99), "opset_differs"),
    "another layout": (lens(layout="NHWC"), "unknown_layout"),
    "another resize": (lens(resize="letterbox_center"), "unknown_layout"),
    "another colour order": (lens(color="HSV"), "unknown_color"),
    "another input size": (lens(w=128), "input_shape_differs"),
    "another input name": (lens(name="image"), "input_shape_differs"),
    "unknown decoder": (edited(decoder="yolox"), "unknown_plugin"),
    "unknown detector": (edited(detector="os"), "unknown_plugin"),
    "no golden picture": (edited(golden=[]), "no_golden_picture"),
    "a class that is not there": (edited(map={"car": "two_wheeler"}), "class_not_mapped"),
    "another golden picture": (
        lambda said: said["golden"][0].update(image_sha256="0" * 64),
        "golden_picture_differs",
    ),
    "a promise it does not keep": (unhelpful, "golden_not_reproduced"),
    "wrong preprocessing": (lens(mean=[0, 0, 0], std=[1, 1, 1]), "golden_not_reproduced"),
}


def test_the_demo_pack_passes_its_self_test(pack):
    assert pack.manifest.not_for_production
    assert pack.name.startswith("lift-demo@1#")
    size = sum(path.stat().st_size for path in PACK.iterdir())
    assert size < 300_000


def test_the_demo_packs_figures_are_of_pictures_it_never_saw(pack):
    figures = pack.manifest.held_out
    assert figures["pictures"] >= 500
    assert figures["two_wheeler"]["recall"] >= 0.95
    assert figures["two_wheeler"]["precision"] >= 0.95
    assert figures["drawn"] is True


@pytest.mark.parametrize("name", SPOILS)
def test_a_pack_that_is_not_what_it_says_is_refused(spoilt, name):
    change, reason = SPOILS[name]
    with pytest.raises(PackRefused, match=f"^{reason}$"):
        open_pack(spoilt(change))


def test_a_changed_model_is_refused(spoilt):
    with pytest.raises(PackRefused, match="model_sha256_differs"):
        open_pack(spoilt(model__onnx=MODEL[:-1] + bytes([MODEL[-1] ^ 1])))


def test_a_broken_manifest_is_refused(spoilt):
    with pytest.raises(PackRefused, match="manifest_invalid"):
        open_pack(spoilt(manifest__json=b"{"))


def test_a_blind_model_is_refused(spoilt):
    """All its weights are there, but it sees nothing: the hash is right, the golden is not."""
    blind = MODEL[:42_000] + bytes(34_000) + MODEL[76_000:]
    with pytest.raises(PackRefused, match="golden_not_reproduced"):
        open_pack(spoilt(resigned(blind), model__onnx=blind))


def test_a_model_that_no_engine_reads_is_refused(spoilt):
    junk = MODEL[:3_000] + bytes(60_000) + MODEL[63_000:]
    with pytest.raises(PackRefused, match=r"opset_differs|model_unreadable"):
        open_pack(spoilt(resigned(junk), model__onnx=junk))


def test_a_manifest_of_another_engines_model_has_no_opset(manifest):
    other = dataclasses.replace(manifest, detector="npu", file="model.om", opset=None)
    assert rules.model_refusal(other, MODEL) is None


def test_a_model_is_loaded_once_for_all_copies(spoilt, pack):
    assert open_pack(spoilt()).session is pack.session
    assert service._sessions[pack.manifest.sha256] is pack.session


def test_a_pack_comes_from_the_store_as_well(cloud, community, pack):
    for path in PACK.iterdir():
        aws.client("s3").put_object(
            Bucket=settings().media_bucket,
            Key=f"{community}/packs/{path.name}",
            Body=path.read_bytes(),
        )
    loaded = open_pack(f"s3://{settings().media_bucket}/{community}/packs/")
    assert loaded.manifest == pack.manifest


def test_the_committed_manifest_is_how_the_script_writes_it():
    text = (PACK / "manifest.json").read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=2) + "\n"
    assert Path("tools/make_tiny_model.py").exists()
    assert render("two_wheeler", 2_000_001)[:2] == b"\xff\xd8"
