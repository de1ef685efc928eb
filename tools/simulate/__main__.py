"""Run simulated devices, and a voter's phone, by hand against a running system.

python -m tools.simulate devices                     every gate and lift controller, until Ctrl-C
python -m tools.simulate devices --conduct naive --only heyuan-gate-01
python -m tools.simulate fleet 'gate*3' 'meter*20@0.5' smoke_sensor:alarm_storm dahua --seconds 60
python -m tools.simulate ring UNIT GATE              one press of the bell
python -m tools.simulate look two_wheeler --frames 3 what the lift camera sees
python -m tools.simulate vote i1=YES i2=ABSTAIN      a resident's ballot in the demo's vote

A fleet is KIND[*NUMBER][:CONDUCT][@EVENTS A SECOND][+mqtt] …; a vendor's adapter stands for a
device that speaks its format. What the estate has too few of is enrolled, and retired at
the end. Conducts: tools/simulate/conducts.py.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import requests

from tools.lift_pictures import KINDS
from tools.simulate import voter
from tools.simulate.acks import Handled
from tools.simulate.camera import Camera
from tools.simulate.conducts import CONDUCTS
from tools.simulate.estate import Device, Estate
from tools.simulate.fleet import COMMANDED, MAKERS, Fleet, Wish, WishError, plug_in, talker
from tools.simulate.machine import Machine
from tools.simulate.panel import Panel
from tools.simulate.reporter import Reporter


def main(arguments: list[str]) -> int:
    """Parse and run; 0 unless something is refused, 2 if it could not begin."""
    wish = _parser().parse_args(arguments)
    try:
        return _run(_estate(wish), wish)
    except (_CannotError, requests.RequestException) as failure:
        print(f"could not begin: {failure}", file=sys.stderr)
        return 2


class _CannotError(Exception):
    """What was asked cannot be, and why."""


def _run(estate: Estate, wish: argparse.Namespace) -> int:
    if wish.what == "devices":
        return _run_devices(estate, wish)
    if wish.what == "fleet":
        return _run_fleet(estate, wish)
    if wish.what == "ring":
        gates = [gate.id for gate in estate.of_kind("gate")]
        if wish.gate not in gates:
            raise _CannotError(f"no such gate: {wish.gate}; there are {', '.join(gates)}")
        panel = Panel(_first(estate, "panel"), estate.base_url)
        print(panel.ring(wish.unit, wish.gate)["id"])
        return 0
    if wish.what == "vote":
        return _vote(estate, wish)
    camera = Camera(_first(estate, "lift_camera"), estate.base_url)
    for seed in range(wish.frames):
        print(camera.look(wish.picture, seed)["id"])
        time.sleep(0.5)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.simulate", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--demo", type=Path, default=Path(".local/demo.json"))
    parser.add_argument("--http", default="", help="where devices report instead")
    parser.add_argument("--mqtt", default="", help="where they connect instead: mqtt://host:port")
    what = parser.add_subparsers(dest="what", required=True)
    devices = what.add_parser("devices", help="run devices of the estate until Ctrl-C")
    devices.add_argument("--conduct", choices=sorted(CONDUCTS), default="good")
    devices.add_argument("--only", help="one device id, of any kind")
    devices.add_argument("--rate", type=float, default=0.0, help="events a second, by themselves")
    devices.add_argument("--moves", type=Path, help="write there how often they have moved")
    fleet = what.add_parser("fleet", help="run any mix of devices")
    fleet.add_argument("wishes", nargs="+", metavar="KIND*NUMBER:CONDUCT@RATE")
    fleet.add_argument("--keep", action="store_true", help="do not retire what was enrolled")
    fleet.add_argument("--seconds", type=float, default=0.0, help="else until Ctrl-C")
    ring = what.add_parser("ring", help="press the bell of a flat")
    ring.add_argument("unit")
    ring.add_argument("gate")
    look = what.add_parser("look", help="let the lift camera see something")
    look.add_argument("picture", choices=sorted(KINDS))
    look.add_argument("--frames", type=int, default=3)
    vote = what.add_parser("vote", help="cast a ballot, or replace it")
    vote.add_argument("marks", nargs="+", metavar="ITEM=MARK")
    vote.add_argument("--who", default="resident", help="whose sign-in")
    vote.add_argument("--keep", type=Path, help="write what opens the ballot there")
    return parser


def _estate(wish: argparse.Namespace) -> Estate:
    try:
        estate = Estate.read(wish.demo)
    except OSError as failure:
        said = f"{wish.demo} cannot be read ({failure.strerror}): start the system with `make run`"
        raise _CannotError(said) from failure
    except (ValueError, KeyError, TypeError, AttributeError) as failure:
        raise _CannotError(f"{wish.demo} is no sign-ins file: {failure!r}") from failure
    try:
        at = urlsplit(wish.mqtt)
        return estate.reached_at(wish.http, at.hostname or "", at.port or 0)
    except ValueError as failure:
        raise _CannotError(f"not a broker's address: {wish.mqtt}") from failure


def _first(estate: Estate, kind: str) -> Device:
    if found := estate.of_kind(kind):
        return found[0]
    raise _CannotError(f"the estate has no {kind}")


def _vote(estate: Estate, wish: argparse.Namespace) -> int:
    try:
        kept = voter.cast(estate, wish.who, wish.marks)
    except voter.Refused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    print(json.dumps(kept["receipt"], indent=1))
    if wish.keep:
        wish.keep.write_text(json.dumps(kept["opening"]), encoding="utf-8")
    return 0


def _run_devices(estate: Estate, wish: argparse.Namespace) -> int:
    kinds = set(MAKERS) if wish.only is None else {device.kind for device in estate.devices}
    wanted = [d for d in estate.devices if d.kind in kinds and wish.only in (None, d.id)]
    if not wanted:
        print(f"no such device: {wish.only}; see the ids in the sign-ins file", file=sys.stderr)
        return 2
    running: list[Machine | Reporter] = []
    for device in wanted:
        conduct = CONDUCTS[wish.conduct]
        if device.kind not in COMMANDED:
            running.append(talker(device, estate.base_url, conduct, rate=wish.rate).start())
            continue
        machine = plug_in(estate, device, conduct)
        machine.on_handled = _tell(machine, wish.moves)
        running.append(machine.report_by(estate.base_url, rate=wish.rate).start())
        print(f"{device.id} ({device.kind}, {wish.conduct}) session {machine.session}", flush=True)
    _until_interrupted(0.0)
    for one in running:
        one.stop()
    return 0


def _tell(machine: Machine, moves: Path | None) -> Callable[[Handled], None]:
    def tell(done: Handled) -> None:
        print(f"{machine.device.id} {done.op} {done.command_id} {done.result} {done.reason}")

    def count() -> None:
        if moves is not None:
            moves.write_text(f"{machine.moves}\n", encoding="utf-8")

    machine.on_moved = count
    count()
    return tell


def _run_fleet(estate: Estate, wish: argparse.Namespace) -> int:
    fleet = Fleet(estate)
    try:
        for text in wish.wishes:
            fleet.add(Wish.read(text))
    except WishError as failure:
        print(failure, file=sys.stderr)
        return 2
    print(f"{len(fleet.running)} devices", flush=True)
    fleet.start()
    _until_interrupted(wish.seconds)
    fleet.stop()
    if not wish.keep:
        fleet.retire()
    print("\n".join(fleet.report()))
    return 0


def _until_interrupted(seconds: float) -> None:
    try:
        threading.Event().wait(seconds or None)
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
