"""What a vendor is told of its device: good ones pass, broken ones fail for the right reason."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.journeys.town import Town
from tools.conformance import report
from tools.conformance.bench import Pace
from tools.conformance.check import Finding, Verdict
from tools.conformance.examine import Wish, bench_of, examined
from tools.conformance.moves import Counted
from tools.conformance.upstream import Upstream
from tools.simulate.conducts import CONDUCTS
from tools.simulate.enrolling import enrol, retire
from tools.simulate.estate import Device
from tools.simulate.fleet import plug_in, talker
from tools.simulate.mqtt_device import Broker
from tools.simulate.system import REPOSITORY, System
from tools.simulate.waiting import eventually

PACE = Pace(patience_s=15.0, quiet_s=0.5)
AT_ONCE = 8
RATE = 2.0


@dataclass(frozen=True)
class Fault:
    """A broken device, which checks it fails, and what is said in the one that names the fault."""

    kind: str
    fails: frozenset[str]
    names: str
    said: str


def fault(names: str, said: str, *others: str, kind: str = "gate") -> Fault:
    return Fault(kind, frozenset({names, *others}), names, said)


BROKEN: Mapping[str, Fault] = {
    "greets_once": fault("hello_after_reconnecting", "connected again and sent no hello"),
    "other_ack": fault(
        "ack_names_command",
        "which nobody gave it",
        *("carries_out", "unknown_command", "every_command", "restart", "works_still"),
    ),
    "no_signature": fault("bad_signature", "acted without checking the signature"),
    "acts_again": fault("repeated_id", "acted again on an id"),
    "calendar": fault("cloud_time", "what was over by cloud time", "expired"),
    "any_time": fault("false_time", "believed a time that was not signed"),
    "any_session": fault("other_session", "of another session", "old_retained"),
    "same_session": fault("new_sessions", "the same session on two connections"),
    "persistent": fault("clean_start", "clean start 0"),
    "early_ack": fault("moves_before_it_says_so", "DONE before it moved", "unknown_command"),
    "unsigned_ack": fault("ack_signed", "is not signed", "carries_out"),
    "other_source": fault("source", '"somebody-else"', kind="meter"),
    "stuck": fault("sequence", "and sequence 1", kind="meter"),
    "plain_text": fault("content_type", '"text/plain"', kind="meter"),
    "stale": fault("timestamp", "by -36", kind="meter"),
    "pushy": fault("waits_when_told", "was told 2 s", kind="meter"),
    "storm": fault("rate", "were too many", "sends_again", "waits_when_told", kind="meter"),
}
GOOD = ("gate", "lift_controller", "panel", "meter", "environment_sensor")
HTTP_ONLY = frozenset({"panel", "meter"})

Found = Mapping[str, list[Finding]]


@pytest.fixture(scope="module")
def found(town: Town) -> Iterator[Found]:
    """Examine all of them, many at once, each enrolled by the staff and retired at the end."""
    subjects = {name: (case.kind, name) for name, case in BROKEN.items()}
    subjects |= {f"good {kind}": (kind, "good") for kind in GOOD}
    place = town.estate.ids["lift_place"]
    devices = {
        name: enrol(town.staff, town.estate.community_id, kind, place)
        for name, (kind, _) in subjects.items()
    }
    with ThreadPoolExecutor(AT_ONCE) as pool:
        findings = pool.map(
            lambda name: examination(town, devices[name], subjects[name][1]), subjects
        )
        yield dict(zip(subjects, findings, strict=True))
    for device in devices.values():
        retire(town.staff, device.id)
    town.settle()


def examination(town: Town, device: Device, conduct: str) -> list[Finding]:
    """Put one simulated device on the bench.

    A meter and a panel speak HTTP alone; broken gates report over the broker, which is quicker
    to examine.
    """
    http_only = device.kind in HTTP_ONLY
    upstream = Upstream(town.estate.mqtt_host, town.estate.mqtt_port)
    wish = Wish(
        device, town.estate.base_url, None if http_only else upstream, town.person("property"), PACE
    )
    machine = plug_in(town.estate, device, CONDUCTS[conduct])
    with bench_of(wish, Counted(lambda: machine.moves)) as bench:
        if http_only:
            talking = talker(device, bench.web.url, CONDUCTS[conduct], rate=RATE).start()
            findings = examined(bench)
            talking.stop()
            return findings
        machine.broker = Broker(*bench.relay.address)
        machine.report_by(bench.web.url if conduct == "good" else "", rate=RATE / 4)
        machine.start(timeout_s=0)
        try:
            return examined(bench)
        finally:
            machine.stop()


def told(findings: list[Finding]) -> str:
    return "\n".join(report.line(one) for one in findings)


def failed(findings: list[Finding]) -> dict[str, str]:
    return {one.check.name: one.seen for one in findings if one.verdict is Verdict.FAIL}


@pytest.mark.parametrize("kind", GOOD)
def test_a_good_device_passes(found: Found, kind: str):
    findings = found[f"good {kind}"]
    assert failed(findings) == {}, told(findings)
    assert report.status(findings) == 0
    passed = {one.check.name for one in findings if one.verdict is Verdict.PASS}
    wanted = {"event_signed", "sequence", "recorded", "sends_again", "waits_when_told"}
    if kind not in HTTP_ONLY:
        wanted |= {"hello", "clean_start", "false_time", "cloud_time", "restart"}
    if kind in {"gate", "lift_controller"}:
        wanted |= {"carries_out", "repeated_id", "moves_before_it_says_so", "stale_command"}
    if kind in {"meter", "environment_sensor"}:
        wanted |= {"measures"}
    assert wanted <= passed, told(findings)


@pytest.mark.parametrize("conduct", BROKEN)
def test_a_broken_device_fails_for_the_right_reason(found: Found, conduct: str):
    case, findings = BROKEN[conduct], found[conduct]
    assert failed(findings).keys() == case.fails, told(findings)
    assert case.said in failed(findings)[case.names]
    assert report.status(findings) == 1


def test_a_vendor_runs_it_from_the_command_line(system: System, town: Town, tmp_path: Path):
    demo, gate = str(system.state / "demo.json"), town.estate.ids["gates"][18]
    moves = tmp_path / "moves"
    moves.write_text("0\n", encoding="utf-8")
    tool = ["tools.conformance", "--demo", demo, "--device", gate, "--json"]
    pace = ["--patience", "10", "--quiet", "0.4", "--moves", f"cat {moves}"]
    told = tmp_path / "told"
    with (
        told.open("w", encoding="utf-8") as directions,
        subprocess.Popen(
            [sys.executable, "-m", *tool, *pace],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=directions,
            text=True,
        ) as asking,
    ):
        assert eventually(lambda: "mqtt://" in told.read_text(encoding="utf-8"), 30)
        http, mqtt = re.findall(r"(?:http|mqtt)://[\d.:]+", told.read_text(encoding="utf-8"))
        device = ["tools.simulate", "--demo", demo, "--http", http, "--mqtt", mqtt, "devices"]
        with subprocess.Popen(
            [sys.executable, "-m", *device, "--only", gate, "--rate", "1", "--moves", str(moves)],
            cwd=REPOSITORY,
            stdout=subprocess.DEVNULL,
        ) as simulated:
            said, _ = asking.communicate(timeout=90)
            simulated.terminate()
    assert "in maintenance while it is examined" in told.read_text(encoding="utf-8")
    health = town.staff.read(f"/property/devices/{gate}/health")
    assert health["maintained_until"] is None
    assert [one for one in health["faults"] if one["fault_id"] or one["fault"] == "flapping"] == []
    given = json.loads(said)
    bad = [one for one in given["checks"] if one["verdict"] == "FAIL"]
    assert (asking.returncode, bad) == (0, [])
    assert given["passed"]
    assert {"name", "verdict", "expected", "seen", "clause"} == given["checks"][0].keys()
