"""The published verifier: agrees with the domain, and finds every change of an export."""

import copy
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.ballot_log.public import canon, chain, export
from chalicelib.voting.rules import Deeming
from chalicelib.voting.service import counting
from tests.architecture.source import ROOT
from tests.voting.votes import held
from tools import verify_vote

SCRIPT = ROOT / "tools/verify_vote.py"


@pytest.fixture
def said(tmp_path, capsys):
    """Verify an export in this process; return the exit status and what was printed."""

    def verify(exported, *arguments):
        path = tmp_path / "export.json"
        text = exported if isinstance(exported, str) else json.dumps(exported, ensure_ascii=False)
        path.write_text(text, encoding="utf-8")
        capsys.readouterr()
        status = verify_vote.main([str(path), *map(str, arguments)])
        return status, json.loads(capsys.readouterr().out)

    return verify


@given(
    st.integers(0, 10**6),
    st.sampled_from(Deeming),
    st.booleans(),
    st.sampled_from(["NAMED", "SEALED"]),
    st.sampled_from([20, 60, 200]),
)
@settings(max_examples=60, deadline=None)
def test_it_agrees_with_the_domain(seed, deeming, invalid, level, steps):
    vote = held(seed, homes=20, steps=steps, deeming=deeming, invalid_participates=invalid)
    exported = json.loads(json.dumps(vote.export(level)), object_pairs_hook=verify_vote.strict)
    result = verify_vote.Log().verified(exported)
    count = vote.count()
    assert result["results"] == counting.results(vote.terms, count)
    assert result["totals"] == count.totals
    assert result["roll"] == vars(count.roll)
    assert result["ballots"] == vars(count.cast)
    assert result["proved"] == ("totals" if level == "NAMED" else "turnout")
    assert result["close"] == chain.closing_hash(vote.head)


def test_random_votes_reach_every_decision():
    """Or the test above would agree about nothing."""
    seen: Counter[str] = Counter()
    for seed in range(60):
        vote = held(seed, homes=12, steps=150)
        results: Any = counting.results(vote.terms, vote.count())
        for result in results:
            seen[result["strict"].get("decision") or result["strict"]["status"]] += 1
    assert set(seen) == {"PASS", "REJECTED", "NO_QUORUM", "ELECTED", "RUN_OFF", "INCOMPLETE"}


@pytest.mark.parametrize("level", ["NAMED", "SEALED"])
def test_a_clean_python_verifies_it_with_nothing_of_ours(tmp_path, level):
    """Beside the export, as it is published: isolated, without site packages."""
    (tmp_path / "verify_vote.py").write_bytes(SCRIPT.read_bytes())
    (tmp_path / "export.json").write_text(json.dumps(held(1).export(level)))
    command = [sys.executable, "-I", "-S", "verify_vote.py", "export.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ok"] is True
    spoilt = held(1).export(level)
    spoilt["entries"][4]["group"] = spoilt["entries"][5]["group"]
    (tmp_path / "export.json").write_text(json.dumps(spoilt))
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout) == {
        "ok": False,
        "code": "hash_wrong",
        "part": "entries",
        "seq": 5,
    }


def altered(doc, chance):
    """Change one field of one entry, to what it might well have been."""
    entry = chance.choice(doc["entries"])
    name = chance.choice(sorted(entry))
    others = [other[name] for other in doc["entries"] if other[name] != entry[name]]
    others += [f"{entry[name]}0"] if isinstance(entry[name], str) else [entry[name] + 1]
    entry[name] = chance.choice(others)


def deleted(doc, chance):
    """Take out one entry, and mend the count where that helps."""
    del doc["entries"][chance.randrange(len(doc["entries"]) - 1)]
    doc["count"] -= chance.randrange(2)


def swapped(doc, chance):
    """Let two entries change places, or only what they seal."""
    one, other = chance.sample(range(len(doc["entries"])), 2)
    entries = doc["entries"]
    if chance.randrange(2):
        entries[one], entries[other] = entries[other], entries[one]
    else:
        first, second = entries[one], entries[other]
        first["commit"], second["commit"] = second["commit"], first["commit"]


def truncated(doc, chance):
    """Cut off the end, and let the count say so or not."""
    kept = chance.randrange(len(doc["entries"]))
    del doc["entries"][kept:]
    if chance.randrange(2):
        doc["count"] = kept


def wrongly_opened(doc, chance):
    """Open a ballot to something else, with another nonce, or not at all."""
    opening = chance.choice(doc["openings"])
    how = chance.randrange(4)
    if how == 0:
        opening["choice"]["i1"] = "NO" if opening["choice"]["i1"] != "NO" else "YES"
    elif how == 1:
        opening["nonce"] = chance.randbytes(32).hex()
    elif how == 2:
        doc["openings"].remove(opening)
    else:
        other = chance.choice([each for each in doc["openings"] if each is not opening])
        opening["choice"], other["choice"] = dict(other["choice"]), dict(opening["choice"])
        opening["nonce"], other["nonce"] = other["nonce"], opening["nonce"]


def off_roll(doc, chance):
    """Stuff in a ballot of a group that is not on the roll, and link it in."""
    place = chance.randrange(len(doc["entries"]) + 1)
    entry = {**doc["entries"][min(place, len(doc["entries"]) - 1)], "group": "99-99"}
    doc["entries"].insert(place, {**entry, "commit": chance.randbytes(32).hex()})


KINDS = [altered, deleted, swapped, truncated, wrongly_opened, off_roll]
EACH = 60


@pytest.mark.parametrize("kind", KINDS)
def test_every_mutation_is_found(said, kind):
    """Six kinds, 60 each, on several votes: 360 of 360."""
    found = 0
    for number in range(EACH):
        whole = held(number % 5, steps=60).export()
        doc = copy.deepcopy(whole)
        kind(doc, Random(number))
        assert doc != whole
        status, told = said(doc)
        found += status == 1 and told["ok"] is False and told["code"] != "malformed"
    assert found == EACH


@pytest.mark.parametrize("kind", [altered, off_roll])
def test_what_is_linked_in_anew_and_breaks_a_rule_is_found(said, kind):
    """The keeper of the log can recompute each hash up to the seal, and still not say this."""
    for number in range(EACH):
        doc = held(number % 5, steps=60).export()
        chance = Random(number)
        if kind is off_roll:
            off_roll(doc, chance)
        else:
            entry = chance.choice(doc["entries"])
            entry["commit"] = chance.choice([e["commit"] for e in doc["entries"] if e != entry])
        status, _ = said(rewritten(doc))
        assert status == 1


def rewritten(doc):
    """Link the entries, close and seal the log anew, as only its keeper can."""
    link = doc["h0"]
    for seq, entry in enumerate(doc["entries"], 1):
        entry.update(seq=seq, prev=link)
        body = {key: entry[key] for key in verify_vote.HASHED}
        link = canon.sha256(b"\2", bytes.fromhex(link), canon.sha256(canon.canon(body))).hex()
        entry["hash"] = link
    doc["count"] = len(doc["entries"])
    doc["close"] = chain.closing_hash(chain.Head(doc["vote"], doc["count"], link))
    doc["checkpoints"] = []
    doc["seal"] = export.seal(doc)
    return doc


def test_a_log_written_anew_is_found_by_whoever_kept_a_hash(said):
    """And by nobody else, which is why checkpoints go to witnesses."""
    vote = held(3, steps=60)
    before = vote.export("SEALED")
    last = vote.entries[-1]
    vote.entries.pop()
    vote.openings.pop(last.seq, None)
    vote.checkpoints.clear()
    vote.head = chain.Head(vote.vote, last.seq - 1, last.prev)
    anew = vote.export("SEALED")
    assert said(anew)[0] == 0
    for kept in (before["close"], before["seal"], last.hash):
        assert said(before, "--seen", kept[:16].upper())[1]["seen"] == [kept]
        assert said(anew, "--seen", kept[:16]) == (
            1,
            {"ok": False, "code": "not_of_this_log", "part": "seen", "seq": 0},
        )
    assert said(before, "--seen", before["close"][:15])[0] == 1, "too short to tell"


def test_an_owner_opens_ones_own_ballot_of_a_sealed_log(said, tmp_path):
    vote = held(3, steps=60)
    standing = {entry.seq for entry in chain.standing(vote.entries).values()}
    own = tmp_path / "own.json"
    for seq, opening in list(vote.openings.items())[:20]:
        own.write_text(json.dumps(opening.as_json()))
        status, told = said(vote.export("SEALED"), "--opening", own)
        assert status == 0
        assert told["own"] == [{**opening.as_json(), "counts": seq in standing}]
    own.write_text(json.dumps({**opening.as_json(), "nonce": "00" * 32}))
    status, told = said(vote.export("SEALED"), "--opening", own)
    assert (status, told["code"], told["seq"]) == (1, "opening_wrong", seq)


def numbered(doc):
    """Return where in a document its integers and texts are."""
    paths = []

    def walk(part, path):
        if isinstance(part, dict | list):
            for key in part if isinstance(part, dict) else range(len(part)):
                walk(part[key], (*path, key))
        else:
            paths.append(path)

    walk(doc, ())
    return paths


@pytest.mark.parametrize("level", ["NAMED", "SEALED"])
def test_no_value_anywhere_can_be_another(said, level):
    """Every text and number of an export is bound: rules, roll, totals, checkpoints, all."""
    doc = held(2, homes=6, steps=14, deeming=Deeming.FOLLOW_MAJORITY).export(level)
    for path in numbered(doc):
        changed = copy.deepcopy(doc)
        part = changed
        for key in path[:-1]:
            part = part[key]
        old = part[path[-1]]
        part[path[-1]] = f"{old}x" if isinstance(old, str) else old + 1
        assert said(changed)[0] == 1, path


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda roll: roll[1].update(area=0), "area_zero"),
        (lambda roll: roll[1].update(area=-5), "area_zero"),
        (lambda roll: roll[1].update(head=2), "not_one_head"),
        (lambda roll: roll[1].update(units=roll[0]["units"]), "unit_in_two_groups"),
        (lambda roll: roll[1].update(units=[]), "units_twice_or_out_of_order"),
        (lambda roll: roll.append(dict(roll[0])), "group_twice_or_out_of_order"),
        (lambda roll: roll.pop(), "vote_roll_or_rules_changed"),
        (lambda roll: roll[1].update(area=roll[1]["area"] + 1), "vote_roll_or_rules_changed"),
        (lambda roll: roll[1].update(area=10.5), "not_canonical"),
        (lambda roll: roll[1].update(area=True), "not_canonical"),
        (lambda roll: roll.clear(), "malformed"),
    ],
)
def test_a_bad_roll_is_named(said, change, code):
    doc = held(1).export()
    change(doc["roll"])
    status, told = said(doc)
    assert (status, told["code"]) == (1, code)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "1", '{"a": 1, "a": 1}', '{"level": "NAMED"}', "[" * 50_000]
)
def test_what_is_no_export_is_refused_in_words(said, text):
    assert said(text)[0] == 1


def test_a_key_that_stands_twice_is_refused(said):
    """Two readers could read two values."""
    text = json.dumps(held(1).export())
    doubled = text.replace('"count":', '"count": 0, "count":', 1)
    assert said(text)[0] == 0
    assert said(doubled)[1]["code"] == "not_canonical"


def test_an_empty_log_is_a_vote_that_nobody_came_to(said):
    status, told = said(held(1, steps=0).export())
    assert (status, told["ballots"]) == (0, {"area": 0, "heads": 0})
    assert {result["strict"].get("decision", "NO_QUORUM") for result in told["results"]} == {
        "NO_QUORUM"
    }


def test_it_is_one_file_without_an_import_of_ours():
    imports = [
        line for line in SCRIPT.read_text().splitlines() if line.startswith(("import", "from"))
    ]
    names = {line.split()[1].split(".")[0] for line in imports}
    assert names <= set(sys.stdlib_module_names)
    assert Path(verify_vote.__file__) == SCRIPT
