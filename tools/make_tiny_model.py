"""Train the demo pack: a small convolutional network that tells e-bikes from prams in drawn lifts.

    python -m tools.make_tiny_model packs/demo          # trains, about four minutes
    python -m tools.make_tiny_model packs/demo --check  # measures the committed pack anew

Everything is seeded. Two machines get packs that behave alike, not equal bytes: BLAS adds
in another order. The pack is for demonstration: it has seen drawings only.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from chalicelib.vision.detectors import onnx_cpu
from tools.lift_pictures import KINDS, render

Array = Any

CLASSES = ("person", "two_wheeler")
SIDE = 96
LENS = SimpleNamespace(
    name="picture", w=SIDE, h=SIDE, color="RGB", mean=(127.5,) * 3, std=(127.5,) * 3
)
CHANNELS = (3, 12, 24, 32, 32)
OPSET = 17
TRAIN_EACH, HELD_EACH, HELD_FROM = 700, 100, 1_000_000
EPOCHS, BATCH, RATE = 24, 48, 3e-3
WITH_PERSON = ("person", "person_two_wheeler", "wheelchair")
MIN_SCORE, THRESHOLD = 0.5, 0.6
GOLDEN = (("two_wheeler", 2_000_001), ("pram", 2_000_002), ("empty", 2_000_003))


# Pictures ----------------------------------------------------------------------------------


def pictures(first: int, each: int) -> tuple[Array, Array]:
    """Render and preprocess `each` pictures of every kind: float32 [n, 3, 96, 96] and [n, 2].

    Prams and suitcases may or may not have a person beside them, so their first label is
    unknown (NaN) and teaches nothing.
    """
    seen, wanted = [], []
    for seed in range(first, first + each):
        for kind in KINDS:
            seen.append(onnx_cpu.tensor(render(kind, seed), LENS)[0])
            person = np.nan if kind in ("pram", "suitcase") else float(kind in WITH_PERSON)
            wanted.append((person, float("two_wheeler" in kind)))
    return np.stack(seen), np.array(wanted, np.float32)


# The network: four strided convolutions, then the largest and the mean response of each map --


def weights(dice: np.random.Generator) -> list[Array]:
    """Return fresh weights: [W, b] of each convolution, then of the last layer."""
    made: list[Array] = []
    for before, after in pairwise(CHANNELS):
        made += [
            dice.normal(0, (2 / (before * 9)) ** 0.5, (after, before, 3, 3)).astype(np.float32),
            np.zeros(after, np.float32),
        ]
    last = dice.normal(0, 0.1, (2 * CHANNELS[-1], len(CLASSES))).astype(np.float32)
    return [*made, last, np.zeros(len(CLASSES), np.float32)]


def _columns(x: Array) -> Array:
    """Return each 3×3 neighbourhood at stride 2 as a row: [n, h/2, w/2, c·9]."""
    n, channels, h, w = x.shape
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    near = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    near = near[:, :, ::2, ::2].transpose(0, 2, 3, 1, 4, 5)
    return near.reshape(n, h // 2, w // 2, channels * 9)


def forward(net: list[Array], x: Array) -> tuple[Array, list[tuple[Array, Array]], Array]:
    """Return the scores, what each convolution saw and gave, and the pooled features."""
    kept = []
    for kernel, bias in zip(net[:-2:2], net[1:-2:2], strict=True):
        columns = _columns(x)
        out = np.maximum(columns @ kernel.reshape(len(kernel), -1).T + bias, 0)
        kept.append((columns, out))
        x = out.transpose(0, 3, 1, 2)
    pooled = np.concatenate([x.max(axis=(2, 3)), x.mean(axis=(2, 3))], axis=1)
    return 1 / (1 + np.exp(-(pooled @ net[-2] + net[-1]))), kept, pooled


def gradients(net: list[Array], x: Array, wanted: Array) -> tuple[float, list[Array]]:
    """Return the mean cross-entropy of a batch and the gradient of every weight."""
    scores, kept, pooled = forward(net, x)
    known = ~np.isnan(wanted)
    loss = -np.log(np.clip(np.where(wanted == 1, scores, 1 - scores), 1e-6, 1))[known].mean()
    error = np.where(known, scores - np.nan_to_num(wanted), 0).astype(np.float32) / len(x)
    grads = [error.sum(axis=0), pooled.T @ error]
    back = _unpool(kept[-1][1], error @ net[-2].T)
    for layer in range(len(kept) - 1, -1, -1):
        columns, out = kept[layer]
        back = (back * (out > 0)).reshape(-1, out.shape[-1])
        grads.append(back.sum(axis=0))
        grads.append((back.T @ columns.reshape(len(back), -1)).reshape(net[2 * layer].shape))
        if layer:
            back = _uncolumns(back @ net[2 * layer].reshape(out.shape[-1], -1), out.shape)
    return float(loss), grads[::-1]


def _unpool(out: Array, error: Array) -> Array:
    """Send the pooled error back: to the largest response, and evenly to all."""
    n, h, w, channels = out.shape
    flat = out.reshape(n, h * w, channels)
    back = np.repeat(error[:, None, channels:] / (h * w), h * w, axis=1)
    top = flat.argmax(axis=1)
    back[np.arange(n)[:, None], top, np.arange(channels)[None]] += error[:, :channels]
    return back.reshape(out.shape)


def _uncolumns(rows: Array, shape: tuple[int, ...]) -> Array:
    """Add each neighbourhood's error back to its pixels: the reverse of `_columns`."""
    n, h, w = shape[:3]
    near = rows.reshape(n, h, w, -1, 3, 3)
    back = np.zeros((n, 2 * h + 2, 2 * w + 2, near.shape[3]), np.float32)
    for dy in range(3):
        for dx in range(3):
            back[:, dy : dy + 2 * h : 2, dx : dx + 2 * w : 2] += near[..., dy, dx]
    return back[:, 1:-1, 1:-1]


def train(x: Array, wanted: Array) -> list[Array]:
    """Fit the network with Adam; the rate falls along a cosine; half of each batch is mirrored."""
    dice = np.random.default_rng(20_260_101)
    net = weights(dice)
    first, second = [np.zeros_like(w) for w in net], [np.zeros_like(w) for w in net]
    steps = EPOCHS * (len(x) // BATCH)
    for step, chosen in enumerate(_batches(dice, len(x)), start=1):
        batch = x[chosen] * dice.uniform(0.8, 1.2, (BATCH, 1, 1, 1)).astype(np.float32)
        if step % 2:
            batch = batch[:, :, :, ::-1]
        loss, grads = gradients(net, batch, wanted[chosen])
        rate = RATE * 0.5 * (1 + np.cos(np.pi * step / steps))
        for w, g, m, v in zip(net, grads, first, second, strict=True):
            m[...] += 0.1 * (g - m)
            v[...] += 0.001 * (g * g - v)
            w[...] -= rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
        if step % (len(x) // BATCH) == 0:
            print(f"epoch {step * BATCH // len(x):2d}  loss {loss:.3f}", flush=True)
    return net


def _batches(dice: np.random.Generator, size: int) -> Iterator[Array]:
    for _ in range(EPOCHS):
        order = dice.permutation(size)
        for start in range(0, size - BATCH + 1, BATCH):
            yield order[start : start + BATCH]


# The pack ----------------------------------------------------------------------------------


def model(net: list[Array]) -> bytes:
    """Return the network as an ONNX model: input [1, 3, 96, 96], output [1, classes]."""
    nodes, held, last = [], [], LENS.name
    for layer in range(len(CHANNELS) - 1):
        held += [numpy_helper.from_array(net[2 * layer + i], f"{'wb'[i]}{layer}") for i in (0, 1)]
        names = [last, f"w{layer}", f"b{layer}"]
        nodes.append(
            helper.make_node("Conv", names, [f"c{layer}"], strides=[2, 2], pads=[1, 1, 1, 1])
        )
        nodes.append(helper.make_node("Relu", [f"c{layer}"], [last := f"r{layer}"]))
    nodes += [
        helper.make_node("GlobalMaxPool", [last], ["most"]),
        helper.make_node("GlobalAveragePool", [last], ["mean"]),
        helper.make_node("Concat", ["most", "mean"], ["both"], axis=1),
        helper.make_node("Flatten", ["both"], ["flat"]),
        helper.make_node("Gemm", ["flat", "w", "b"], ["logits"]),
        helper.make_node("Sigmoid", ["logits"], ["scores"]),
    ]
    held += [numpy_helper.from_array(net[-2], "w"), numpy_helper.from_array(net[-1], "b")]
    taken = helper.make_tensor_value_info(LENS.name, TensorProto.FLOAT, [1, 3, SIDE, SIDE])
    given = helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, len(CLASSES)])
    graph = helper.make_graph(nodes, "lift_demo", [taken], [given], held)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(made, full_check=True)
    return bytes(made.SerializeToString())


def held_out(session: Any) -> dict[str, Any]:
    """Measure pictures that no training has seen, at the pack's own minimum score."""
    x, wanted = pictures(HELD_FROM, HELD_EACH)
    scores = np.concatenate([session.run(None, {LENS.name: one[None]})[0] for one in x])
    figures: dict[str, Any] = {"pictures": len(x), "drawn": True, "min_score": MIN_SCORE}
    for column, name in enumerate(CLASSES):
        known = ~np.isnan(wanted[:, column])
        said, is_so = scores[known, column] >= MIN_SCORE, wanted[known, column] == 1
        figures[name] = {
            "accuracy": round(float((said == is_so).mean()), 4),
            "recall": round(float(said[is_so].mean()), 4),
            "precision": round(float(is_so[said].mean()), 4),
        }
    false = scores[:, 1].reshape(-1, len(KINDS)) >= MIN_SCORE
    figures["called_two_wheeler"] = {
        kind: round(float(false[:, at].mean()), 4) for at, kind in enumerate(KINDS)
    }
    return figures


def write(folder: Path, made: bytes) -> None:
    """Write model, golden pictures and manifest."""
    session = onnx_cpu.load(made)
    golden = []
    for number, (kind, seed) in enumerate(GOLDEN, start=1):
        picture, name = render(kind, seed), f"golden-{number}.jpg"
        (folder / name).write_bytes(picture)
        outputs: Any = onnx_cpu.look(session, picture, LENS)
        scores = zip(CLASSES, outputs[0][0].tolist(), strict=True)
        golden.append(
            {
                "image": name,
                "image_sha256": hashlib.sha256(picture).hexdigest(),
                "expect": [
                    {"class": cls, "score": round(score, 4), "box": [0, 0, 1, 1], "iou": 0.5}
                    for cls, score in scores
                ],
            }
        )
    (folder / "model.onnx").write_bytes(made)
    said = json.dumps(_manifest(made, golden, held_out(session)), ensure_ascii=False, indent=2)
    (folder / "manifest.json").write_text(said + "\n", encoding="utf-8")


def _manifest(made: bytes, golden: list[Any], figures: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema": 1,
        "id": "lift-demo",
        "version": "1",
        "task": "classify",
        "file": "model.onnx",
        "sha256": hashlib.sha256(made).hexdigest(),
        "bytes": len(made),
        "opset": OPSET,
        "input": {
            "name": LENS.name,
            "w": SIDE,
            "h": SIDE,
            "layout": "NCHW",
            "color": LENS.color,
            "resize": "stretch",
            "mean": list(LENS.mean),
            "std": list(LENS.std),
        },
        "detector": "onnx_cpu",
        "decoder": "classifier",
        "classes": list(CLASSES),
        "map": {name: name for name in CLASSES},
        "min_score": MIN_SCORE,
        "threshold": {"two_wheeler": THRESHOLD},
        "golden": golden,
        "licence": "Apache-2.0",
        "source": "tools/make_tiny_model.py, trained on tools/lift_pictures.py",
        "intended": ["two_wheeler", "person"],
        "not_for_production": True,
        "held_out": figures,
    }


def main() -> None:
    """Train and write the pack, or measure the one that is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--check", action="store_true", help="measure, write nothing")
    given = parser.parse_args()
    if given.check:
        session = onnx_cpu.load((given.folder / "model.onnx").read_bytes())
        print(json.dumps(held_out(session), indent=2))
        return
    given.folder.mkdir(parents=True, exist_ok=True)
    write(given.folder, model(train(*pictures(0, TRAIN_EACH))))


if __name__ == "__main__":
    main()
