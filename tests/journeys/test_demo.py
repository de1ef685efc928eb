"""`make demo`, `python -m tools.simulate` and the documents, as a newcomer meets them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import requests

from tests.journeys.town import Town
from tools.simulate.system import REPOSITORY, System


def demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the demo as `make demo` does."""
    return subprocess.run(
        [sys.executable, "-m", "tools.demo", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def test_the_demo_plays_both_journeys(town: Town, system: System):
    town.quiet()
    played = demo("--demo", str(system.state / "demo.json"))
    assert played.returncode == 0, played.stdout + played.stderr
    steps = [line for line in played.stdout.splitlines() if " ms  " in line]
    assert len(steps) >= 15
    assert all("✓" in step for step in steps)


def test_the_demo_says_what_is_missing(tmp_path: Path, system: System):
    nowhere = demo("--demo", str(tmp_path / "none.json"))
    assert nowhere.returncode == 2
    assert "make run" in nowhere.stderr
    down = json.loads((system.state / "demo.json").read_text(encoding="utf-8"))
    (tmp_path / "down.json").write_text(json.dumps(down | {"base_url": "http://127.0.0.1:9"}))
    refused = demo("--demo", str(tmp_path / "down.json"))
    assert refused.returncode == 1
    assert "failed" in refused.stderr


def test_a_device_can_be_played_by_hand(town: Town, system: System):
    town.quiet()
    before = {call["call_id"] for call in town.calls()}
    ids = town.estate.ids
    command = [sys.executable, "-m", "tools.simulate", "--demo", str(system.state / "demo.json")]
    rung = subprocess.run(
        [*command, "ring", ids["unit"], ids["gate"]], cwd=REPOSITORY, timeout=30, check=False
    )
    assert rung.returncode == 0
    assert len(town.new_calls(before)) == 1


def test_every_audience_has_its_document(town: Town):
    for audience in ("resident", "property", "committee", "government", "device"):
        said = requests.get(f"{town.estate.base_url}/openapi/{audience}.json", timeout=5)
        assert said.status_code == 200
        document = said.json()
        assert document["openapi"].startswith("3.1")
        assert all(path.startswith(f"/{audience}/") for path in document["paths"])


def test_everybody_is_who_they_are(town: Town):
    for who, audience in (
        ("resident", "resident"),
        ("property", "property"),
        ("committee", "committee"),
        ("government", "government"),
    ):
        me = town.person(who).read(f"/{audience}/me")
        assert me["community_id"] == town.estate.community_id
    assert town.resident.read("/resident/me")["unit_ids"] == [town.estate.ids["unit"]]
    for who in ("committee", "government"):
        assert town.person(who).read(f"/{who}/community")["name"] == "和苑"
    listed = town.staff.read("/property/devices", limit="100")["items"]
    ours = {one.id for one in town.estate.devices if one.community_id == town.estate.community_id}
    assert ours <= {device["device_id"] for device in listed}, "others enrol devices meanwhile"
    assert "key" not in json.dumps(listed)
