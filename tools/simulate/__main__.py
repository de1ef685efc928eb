"""Run simulated devices by hand against a running system.

python -m tools.simulate devices                     every gate and lift controller, until Ctrl-C
python -m tools.simulate devices --conduct naive --only heyuan-gate-01
python -m tools.simulate ring UNIT GATE              one press of the bell
python -m tools.simulate look two_wheeler --frames 3 what the lift camera sees
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tools.simulate.camera import Camera
from tools.simulate.conducts import CONDUCTS
from tools.simulate.estate import Estate
from tools.simulate.fleet import MAKERS, plug_in
from tools.simulate.mqtt_device import Handled
from tools.simulate.panel import Panel


def main(arguments: list[str]) -> int:
    """Parse and run; the exit status is 0 unless a device is refused."""
    wish = _parser().parse_args(arguments)
    estate = Estate.read(wish.demo)
    if wish.what == "devices":
        return _run_devices(estate, wish.conduct, wish.only)
    if wish.what == "ring":
        panel = Panel(estate.of_kind("panel")[0], estate.base_url)
        print(panel.ring(wish.unit, wish.gate)["id"])
        return 0
    camera = Camera(estate.of_kind("lift_camera")[0], estate.base_url)
    for seed in range(wish.frames):
        print(camera.look(wish.picture, seed)["id"])
        time.sleep(0.5)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.simulate", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--demo", type=Path, default=Path(".local/demo.json"))
    what = parser.add_subparsers(dest="what", required=True)
    devices = what.add_parser("devices", help="run gates and lift controllers until Ctrl-C")
    devices.add_argument("--conduct", choices=sorted(CONDUCTS), default="good")
    devices.add_argument("--only", help="one device id")
    ring = what.add_parser("ring", help="press the bell of a flat")
    ring.add_argument("unit")
    ring.add_argument("gate")
    look = what.add_parser("look", help="let the lift camera see something")
    look.add_argument("picture")
    look.add_argument("--frames", type=int, default=3)
    return parser


def _run_devices(estate: Estate, conduct: str, only: str | None) -> int:
    wanted = [d for d in estate.devices if d.kind in MAKERS and only in (None, d.id)]
    if not wanted:
        print(f"no such device: {only}; see the ids in the sign-ins file", file=sys.stderr)
        return 2
    running = [plug_in(estate, device, CONDUCTS[conduct]).start() for device in wanted]
    for device in running:
        device.on_handled = _tell(device.device.id)
        print(f"{device.device.id} ({device.device.kind}, {conduct}) session {device.session}")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        return 0
    finally:
        for device in running:
            device.stop()
    return 0


def _tell(device_id: str) -> Callable[[Handled], None]:
    def tell(done: Handled) -> None:
        print(f"{device_id} {done.op} {done.command_id} {done.result} {done.reason}", flush=True)

    return tell


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
