"""An owners' vote on the running system, from its notice to its end, and its log in a clean Python.

Everything that can be done today is done over HTTP. What only the clock does, weeks from now, is
done by `tests.journeys.hour_hand` against the system's own stores.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.journeys.town import Town
from tools.simulate.signing import Json
from tools.simulate.system import REPOSITORY, System
from tools.simulate.voter import sealed
from tools.simulate.waiting import eventually

YES, NO = {"i1": "YES", "i2": "YES"}, {"i1": "NO", "i2": "ABSTAIN"}
LIN, CHEN = "heyuan-1-101", "heyuan-1-102"
CONSULTATIVE = "本次表决仅为征求意见，不产生业主共同决定的法律效力。"


class Hall:
    """The demo's open vote as its people meet it."""

    def __init__(self, town: Town, state: Path) -> None:
        """Prepare; nothing is sent."""
        self.town, self.state = town, state
        self.vote_id = town.estate.ids["vote"]
        self.path = f"/resident/votes/{self.vote_id}"

    def show(self) -> Json:
        """Return the vote as residents see it."""
        found: Json = self.town.resident.read(self.path)
        return found

    def cast(self, who: str, group: str, choice: Json, **more: Any) -> requests.Response:
        """Cast as an app does: a nonce of its own, and the seal of both."""
        sent = sealed(choice) | more
        return self.town.person(who).post(f"{self.path}/groups/{group}/ballot", sent)

    def scanned(self, who: str, content: bytes) -> tuple[str, str]:
        """Upload a scan; return where it lies, and its hash."""
        digest = hashlib.sha256(content).hexdigest()
        wish = {"content_type": "image/jpeg", "bytes": len(content), "sha256": digest}
        place = done(self.town.person(who).post(f"{self.path}/scans", wish))
        stored = requests.post(
            place["url"], data=place["fields"], files={"file": ("scan.jpg", content)}, timeout=10
        )
        stored.raise_for_status()
        return place["key"], digest

    def enter(self, who: str, serial: Json, choice: Json, scan: tuple[str, str]) -> Json:
        """Enter a paper ballot as one scrutineer."""
        sent = {"serial": serial["serial"], "scan": scan[0], "scan_sha256": scan[1]}
        path = f"{self.path}/groups/{serial['group']}/paper"
        return done(self.town.person(who).post(path, {**sent, "choice": choice}))

    def wait_until(self, instant: datetime) -> None:
        """Let the schedule run as it will at an instant."""
        command = [sys.executable, "-m", "tests.journeys.hour_hand", str(self.state)]
        subprocess.run([*command, instant.isoformat()], cwd=REPOSITORY, check=True)


@pytest.fixture(scope="module")
def hall(town: Town, system: System) -> Hall:
    """The demo's open vote."""
    return Hall(town, system.state)


def test_a_vote_from_its_ballots_to_its_end(hall: Hall, tmp_path: Path):
    notice = hall.show()
    assert (notice["state"], notice["legal_notice"]) == ("OPEN", CONSULTATIVE)
    receipt = vote_online(hall)
    vote_by_proxy(hall)
    vote_on_paper(hall)
    open_ = hall.show()
    assert (open_["turnout"]["heads"], open_["result"]) == (3, None)

    hall.wait_until(moment(open_["closes_at"]) + timedelta(seconds=1))
    late = hall.cast("second_resident", CHEN, NO, replaces=True)
    assert (late.status_code, hall.show()["state"]) == (409, "CLOSED")
    hall.wait_until(moment(open_["paper_until"]) + timedelta(seconds=61))
    counted = hall.show()
    assert counted["state"] == "OBJECTION"
    verify(hall, counted, receipt, tmp_path)
    object_and_answer(hall)

    last = date.fromisoformat(counted["object_until"]) + timedelta(days=2)
    hall.wait_until(datetime.fromisoformat(f"{last}T00:00:00+08:00"))
    ended = hall.show()
    assert (ended["state"], ended["result"]) == ("FINAL", counted["result"])


def vote_online(hall: Hall) -> Json:
    """Chen votes and changes their mind; a neighbour cannot. Return the receipt that counts."""
    first: Json = done(hall.cast("second_resident", CHEN, YES))["receipt"]
    second: Json = done(hall.cast("second_resident", CHEN, NO, replaces=True))["receipt"]
    checks = [
        done(hall.town.resident.post(f"{hall.path}/receipts/check", receipt))["counts"]
        for receipt in (first, second)
    ]
    assert checks == [False, True]
    stolen = hall.cast("resident", CHEN, YES, replaces=True)
    assert (stolen.status_code, stolen.json()["code"]) == (403, "ballot_not_yours")
    return second


def vote_by_proxy(hall: Hall) -> None:
    """Lin gives Zhou their voice in writing."""
    refused = hall.cast("housemate", LIN, YES)
    assert refused.json()["code"] == "ballot_not_yours"
    document, digest = hall.scanned("resident", b"a signed proxy")
    wish = {"holder_id": "person-zhou", "document": document, "document_sha256": digest}
    done(hall.town.resident.post(f"{hall.path}/groups/{LIN}/proxy", wish))
    assert done(hall.cast("housemate", LIN, YES))["type"] == "PROXY"


def vote_on_paper(hall: Hall) -> None:
    """Somebody without the app votes on paper: two scrutineers read the same."""
    serials = hall.town.resident.read(f"{hall.path}/papers")["items"]
    paper = next(one for one in serials if one["group"] not in (LIN, CHEN))
    scan = hall.scanned("resident", b"a paper ballot")
    assert hall.enter("resident", paper, YES, scan)["state"] == "ENTERED"
    assert hall.enter("second_resident", paper, YES, scan)["state"] == "REGISTERED"


def verify(hall: Hall, counted: Json, receipt: Json, folder: Path) -> None:
    """Fetch the log and the script that is published beside it; run it in a clean Python."""
    published = hall.town.resident.read(f"{hall.path}/export")
    log, script = folder / "export.json", folder / "verify_vote.py"
    log.write_bytes(fetched(published["url"], published["sha256"]))
    script.write_bytes(fetched(published["verifier_url"], published["verifier_sha256"]))
    assert script.read_bytes() == (REPOSITORY / "tools/verify_vote.py").read_bytes()
    said = clean(script, log, "--seen", receipt["hash"], "--seen", counted["result"]["close"][:16])
    assert said.returncode == 0, said.stdout + said.stderr
    found = json.loads(said.stdout)
    assert found["results"] == counted["result"]["results"]
    assert {result["deemed"]["decision"] for result in found["results"]} == {"NO_QUORUM"}
    text = log.read_text(encoding="utf-8")
    log.write_text(text.replace('"group":"heyuan-1-102"', '"group":"heyuan-1-101"', 1))
    forged = clean(script, log)
    assert (forged.returncode, json.loads(forged.stdout)["ok"]) == (1, False)


def object_and_answer(hall: Hall) -> None:
    """An owner objects to the result; the vote does not end before the committee answers."""
    wish = {"about": "RESULT", "text": "请公布纸质选票的扫描件数量。"}
    raised = done(hall.town.person("second_resident").post(f"{hall.path}/objections", wish))[
        "objection_id"
    ]
    assert hall.show()["unanswered"] == 1
    path = f"/committee/votes/{hall.vote_id}/objections/{raised}/answer"
    answer = {"upheld": False, "answer": "纸质选票一张，扫描件已由两位监票人核对。"}
    assert done(hall.town.person("committee").post(path, answer))["state"] == "DISMISSED"


def test_a_notice_freezes_roll_and_items(hall: Hall):
    chair = hall.town.person("committee_chair")
    opens = date.today() + timedelta(days=20)  # noqa: DTZ011 -- some day three weeks ahead
    closes = opens + timedelta(days=10)
    item = {"number": 5, "title": "更换水泵", "text": "使用维修资金更换2号楼水泵。"}
    wish = {"title": "水泵", "items": [item]}
    wish |= {"opens_on": opens.isoformat(), "closes_on": closes.isoformat()}
    vote_id = done(chair.post("/committee/votes", wish))["vote_id"]
    path = f"/committee/votes/{vote_id}"
    early = chair.post(f"{path}/notice")
    assert (early.status_code, early.json()["code"]) == (422, "roll_not_frozen")
    done(chair.post(f"{path}/roll"))
    assert eventually(lambda: chair.read(f"{path}/roll")["state"] == "FROZEN", 60)
    noticed = done(chair.post(f"{path}/notice"))
    assert (noticed["state"], noticed["roll"]["heads"]) == ("NOTICED", 300)
    assert noticed["legal_notice"] == CONSULTATIVE
    again = chair.put(path, wish | {"title": "另一题目"})
    assert (again.status_code, again.json()["code"]) == (422, "vote_items_frozen")
    resident = hall.town.person("second_resident")
    assert resident.read(f"/resident/votes/{vote_id}")["roll_root"] == noticed["roll_root"]
    opened = done(resident.post(f"/resident/votes/{vote_id}/opening"))
    assert opened["unit_ids"] == [CHEN]


def clean(script: Path, *arguments: Any) -> subprocess.CompletedProcess[str]:
    """Run a script in a Python that knows nothing of ours."""
    command = [sys.executable, "-I", "-S", str(script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={})


def fetched(url: str, sha256: str) -> bytes:
    """Download what anybody may, without a token, and check its hash."""
    answer = requests.get(url, timeout=10)
    answer.raise_for_status()
    assert hashlib.sha256(answer.content).hexdigest() == sha256
    return answer.content


def done(answer: requests.Response) -> Json:
    """Return what was answered; anything but 200 fails."""
    assert answer.status_code == 200, answer.text
    said: Json = answer.json()
    return said


def moment(said: str) -> datetime:
    """Return an instant of a reply."""
    return datetime.fromisoformat(said)
