"""The voter's phone: cast, wait, keep the receipt, look up what is published."""

import json
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
import requests

from chalicelib.core import archive, clock
from chalicelib.voting.service import casting, papers, waiting
from tests.voting.ballot_box import NO, OPENS, PAPER_UNTIL, YES, Box, at, said
from tools import verify_vote

IN_TIME = OPENS + 120_000
PATH = "/resident/votes/vote_1"


@pytest.fixture
def box(http, community):
    return Box(community)


@pytest.fixture
def during(box):
    with at(IN_TIME):
        yield box


@pytest.fixture
def phone(http, sign, community):
    def call(who, method, path, body=None, *, key=None):
        key = key or uuid.uuid4().hex
        token = sign(community, who, exp=PAPER_UNTIL // 1000 + 3_600)
        return http(method, PATH + path, body, token=token, idempotency_key=key)

    return call


def ballot(choice, **more):
    words = said(choice, **more)
    return {
        "choice": words.choice,
        "nonce": words.nonce,
        "commit": words.commit,
        "replaces": words.replaces,
    }


def test_the_same_tap_twice_is_one_ballot_and_another_body_is_refused(during, phone):
    sent, key = ballot(YES), uuid.uuid4().hex
    first = phone("per_g000", "POST", "/groups/g000/ballot", sent, key=key)
    again = phone("per_g000", "POST", "/groups/g000/ballot", sent, key=key)
    assert first.status == again.status == 200, first.body
    for reply in (first, again):
        reply.body["receipt"].pop("signature")
    assert first.body == again.body
    other = phone("per_g000", "POST", "/groups/g000/ballot", ballot(NO), key=key)
    assert (other.status, other.code) == (409, "idempotency_key_reused")
    late = phone("per_g000", "POST", "/groups/g000/ballot", ballot(NO))
    assert (late.status, late.code) == (409, "ballot_already_cast")
    assert len(during.entries()) == 1


def test_who_has_to_wait_asks_again(during, phone):
    sent = ballot(YES)
    words = casting.Said(sent["choice"], sent["nonce"], sent["commit"])
    desk = casting.desk_of(during.community, "vote_1", "g000", words.commit)
    ready = casting._ready(desk, during.voter("g000"), words)
    answer = waiting.queue_up(desk.head, ready, clock.now())
    waits = phone("per_g000", "GET", f"/casts/{answer.cast_id}")
    assert (waits.status, waits.body["state"], waits.body["receipt"]) == (200, "WAITING", None)
    waiting.drain(during.vote.vote_key)
    done = phone("per_g000", "GET", f"/casts/{answer.cast_id}")
    assert (done.body["state"], done.body["receipt"]["seq"]) == ("TAKEN", 1)
    assert phone("per_g001", "GET", f"/casts/{answer.cast_id}").status == 404


def test_a_receipt_is_checked_and_a_neighbour_sees_nothing(during, phone):
    receipt = phone("per_g000", "POST", "/groups/g000/ballot", ballot(YES)).body["receipt"]
    found = phone("per_g000", "POST", "/receipts/check", receipt)
    notice = found.body.pop("legal_notice")
    assert found.body == {"group": "g000", "type": "CAST", "counts": True}
    assert notice == "本次表决仅为征求意见，不产生业主共同决定的法律效力。"
    shown = phone("per_g000", "GET", "/groups/g000/ballot").body
    assert (shown["type"], shown["receipt"]["hash"]) == ("CAST", receipt["hash"])
    assert phone("per_g001", "GET", "/groups/g000/ballot").code == "ballot_not_yours"
    assert "YES" not in json.dumps(shown)


def test_no_field_of_ours_is_taken_from_a_phone(during, phone):
    sent = {**ballot(YES), "area": 10**9, "type": "PAPER"}
    reply = phone("per_g000", "POST", "/groups/g000/ballot", sent)
    assert (reply.status, reply.code) == (400, "invalid_request")


def test_nobody_floods_a_log(during, phone):
    sent = [phone("per_tenant", "POST", "/groups/g000/ballot", ballot(YES)) for _ in range(12)]
    assert {reply.status for reply in sent} == {403, 429}


def test_scrutineers_at_their_table(during, phone):
    serials = phone("per_s1", "GET", "/papers?limit=100").body["items"]
    assert serials[0]["serial"] == papers.serial(during.vote.vote_key, "g000")
    assert phone("per_g000", "GET", "/papers").code == "not_a_scrutineer"
    picture = {"content_type": "image/jpeg", "bytes": 3, "sha256": "ab" * 32}
    place = phone("per_s1", "POST", "/scans", picture).body
    archive.put(place["key"], b"jpg", "image/jpeg")
    sent = {
        "serial": serials[0]["serial"],
        "scan": place["key"],
        "scan_sha256": "ab" * 32,
        "choice": NO,
    }
    assert phone("per_s1", "POST", "/groups/g000/paper", sent).body["state"] == "ENTERED"
    assert phone("per_s2", "POST", "/groups/g000/paper", sent).body["state"] == "REGISTERED"
    assert phone("per_s3", "GET", "/groups/g000/paper").body["seq"] == 1
    why = {"reason": "扫描件属于另一户"}
    assert phone("per_s1", "POST", "/groups/g000/removal", why).status == 200
    assert phone("per_s2", "POST", "/groups/g000/removal/agree").body["seq"] == 2


def test_the_published_log_is_verified_in_a_clean_python(box, phone, tmp_path):
    with at(IN_TIME):
        assert phone("per_g000", "GET", "/export").code == "vote_not_counted"
        kept = ballot(YES)
        receipt = phone("per_g000", "POST", "/groups/g000/ballot", kept).body["receipt"]
        for group in ("g001", "g002", "g003"):
            box.cast(group, YES)
    box.finish()
    with at(PAPER_UNTIL + 120_000):
        shown = phone("per_g005", "GET", "/export").body
        points = phone("per_g005", "GET", "/checkpoints").body["items"]
    assert shown["public_key"].startswith("-----BEGIN PUBLIC KEY-----")
    content = requests.get(shown["url"], timeout=5).content
    file, own = tmp_path / "export.json", tmp_path / "own.json"
    file.write_bytes(content)
    mine = {"seq": receipt["seq"], "choice": kept["choice"], "nonce": kept["nonce"]}
    own.write_text(json.dumps(mine))
    command = [sys.executable, "-I", "-S", verify_vote.__file__, str(file)]
    command += ["--seen", receipt["hash"], "--seen", points[0]["hash"][:16]]
    command += ["--seen", shown["close"][:16], "--seen", shown["seal"], "--opening", str(own)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    said_ = json.loads(done.stdout)
    assert said_["own"][0]["counts"] is True
    assert Path(verify_vote.__file__).exists()
