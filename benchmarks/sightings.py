"""From the frame that completes the evidence to the command that holds the door."""

from __future__ import annotations

import time

from benchmarks.figures import Figure, percentile
from tools.simulate.camera import Camera
from tools.simulate.estate import Estate
from tools.simulate.fleet import broker_of
from tools.simulate.lift_controller import LiftController
from tools.simulate.waiting import eventually

ROUNDS = 20


def measure(estate: Estate) -> list[Figure]:
    """Let an e-bike in and out, again and again; time the second frame to the held door."""
    camera = Camera(estate.device(estate.ids["camera"]), estate.base_url)
    controller = estate.device(estate.ids["lift_controller"])
    with LiftController(controller, broker_of(estate)) as lift:
        _round(camera, lift, 0)  # loads the model
        taken = [1000 * _round(camera, lift, number) for number in range(1, ROUNDS + 1)]
    return [
        Figure("sighting to hold command, p50", percentile(taken, 0.50), unit="ms"),
        Figure(
            "sighting to hold command, p95",
            percentile(taken, 0.95),
            2000.0,
            "ms",
            note=f"{ROUNDS} incidents",
        ),
    ]


def _round(camera: Camera, lift: LiftController, number: int) -> float:
    """Return the seconds from sending the second frame's event to the door being held."""
    camera.look("two_wheeler", 2 * number % 32)
    second = camera.frame("two_wheeler", (2 * number + 1) % 32)
    began = time.monotonic()
    camera.send(second).raise_for_status()
    if not eventually(lambda: lift.held, 20, every_s=0.005):
        raise RuntimeError("the door was not held within 20 s")
    held = next(done.at for done in reversed(lift.handled) if done.op == "lift.hold")
    for seed in (0, 1):
        camera.look("empty", seed)
    if not eventually(lambda: not lift.held, 20):
        raise RuntimeError("the door was not released within 20 s")
    return held - began
