"""A ballot's calls, a vote's count, and its published log verified by the script for anyone."""

import json
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from random import Random

from benchmarks import calls, urn
from benchmarks.figures import Figure
from chalicelib.ballot_log.public import ballots, canon, chain, export
from chalicelib.core import clock
from chalicelib.voting.rules import HeadGroup, Unit, head_groups
from chalicelib.voting.service import counting, publishing
from tools import verify_vote
from tools.simulate import voter
from tools.simulate.estate import Estate

ESTATE, CAST, ROUNDS = 1_500, 1_350, 7
CASTS, STORED = 4, 4_000
LARGE, SMALL = 100_000, 10_000
ITEMS = (ballots.Item("i1", 5), ballots.Item("i2", 3, ("ann", "bob", "cai"), 1))
WINDOW = chain.Window(1_000, 2_000, 2_000)


def measure(estate: Estate) -> list[Figure]:
    """Measure casts and a count against the running system's stores, and the log without them."""
    return [*_cast(estate), *_counted_in_stores(), *_verified()]


def _cast(estate: Estate) -> list[Figure]:
    """Count the calls of casts in the demo's open vote; the one that took most has the budget."""
    who, group = "second_resident", estate.ids["second_unit"]
    told = {"authorization": f"Bearer {estate.tokens[who]}"}
    worst = max(
        (_count_cast(told, voter.vote_of(estate), group) for _ in range(CASTS)),
        key=lambda one: one.total,
    )
    return [Figure("cast: DynamoDB calls", worst.total, 2, "calls", note=str(worst))]


def _count_cast(told: dict[str, str], vote_id: str, group: str) -> calls.Tally:
    resource = "/resident/votes/{vote_id}/groups/{group}/ballot"
    names = {"vote_id": vote_id, "group": group}
    stands = calls.requested("GET", resource, told, **names)["statusCode"] == HTTPStatus.OK
    body = json.dumps({**voter.sealed({"i1": "YES", "i2": "NO"}), "replaces": stands})
    told = {**told, "idempotency-key": str(uuid.uuid4())}
    with calls.counting("dynamodb") as stored:
        answer = calls.requested("POST", resource, told, body, **names)
    if answer["statusCode"] != HTTPStatus.OK:
        raise RuntimeError(f"the counted ballot was not taken: {answer}")
    return stored


def _counted_in_stores() -> list[Figure]:
    """Close, count and publish a vote that lies in the tables, in one pass as the schedule does.

    A pass that is cut off has changed nothing, so the largest vote has to fit one (300 s).
    """
    vote, after = urn.filled(STORED)
    with clock.standing_at(after):
        if not publishing.close(vote):
            raise RuntimeError("the log did not close")
        began = time.perf_counter()
        publishing.count(vote)
        took = time.perf_counter() - began
    note = f"{STORED:,} of them took {took:.1f} s"
    return [
        Figure(
            f"count {LARGE:,} in the stores, at the rate of",
            took * LARGE / STORED,
            300,
            "s",
            note=note,
        )
    ]


def _verified() -> list[Figure]:
    """Measure CPU time: there is no disk and no network to wait for.

    The small vote is verified within this process, as by a server; the large ones by the script
    in a Python of its own, start included.
    """
    estate = _Vote(ESTATE, CAST)
    verified = min(_took(estate.verify) for _ in range(ROUNDS))
    once, _, _ = _counted_and_verified(SMALL)
    both, counted, size = _counted_and_verified(LARGE)
    note = f"{counted:.1f} s of it counting; a file of {size / 1e6:.0f} MB"
    return [
        Figure(f"verify {ESTATE:,} groups, {CAST:,} entries", 1e3 * verified, 50, "ms"),
        Figure(f"count {LARGE:,} ballots and verify them", both, 5, "s", note=note),
        Figure(f"growth from {SMALL:,} to {LARGE:,}, over ten times", both / once / 10, 1.3),
    ]


def _counted_and_verified(ballots_cast: int) -> tuple[float, float, int]:
    """Return the best time for both, that for counting, and the size of the export."""
    vote = _Vote(ballots_cast, ballots_cast)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "export.json")
        path.write_text(vote.text, encoding="utf-8")
        counted = min(_took(vote.count) for _ in range(3))
        return counted + min(_run(path) for _ in range(3)), counted, path.stat().st_size


def _run(path: Path) -> float:
    """Run the script in a clean Python; return what it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-I", "-S", verify_vote.__file__, str(path)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


class _Vote:
    """A vote in which the first groups of the roll each cast one ballot."""

    def __init__(self, groups: int, cast: int) -> None:
        chance = Random(groups)
        self.groups = _roll(groups, chance)
        self.terms = export.Terms(ITEMS, WINDOW)
        root = canon.roll_root(counting.roll_lines(self.groups))
        head = chain.opened("vote_1", root, canon.rules_hash(self.terms.as_json()))
        self.entries: list[chain.Entry] = []
        self.openings: dict[int, ballots.Opening] = {}
        for seq, group in enumerate(self.groups[:cast], 1):
            nonce = chance.randbytes(canon.NONCE)
            mark = chance.choice(ballots.DECISIONS[:3])
            said = {"i1": mark, "i2": [chance.choice(ITEMS[1].candidates)]}
            commit = canon.commitment(said, nonce)
            draft = chain.Draft(chain.Type.CAST, group.group, chain.Channel.ONLINE, commit)
            entry, head = chain.appended(head, draft, 1_500)
            self.entries.append(entry)
            self.openings[seq] = ballots.Opening(seq, said, nonce.hex())
        self.text = self._published()

    def _published(self) -> str:
        count = counting.counted(self.terms, self.groups, self.entries, self.openings)
        roll = counting.roll_lines(self.groups)
        closed = export.Closed("vote_1", self.terms, roll, self.entries)
        results = counting.results(self.terms, count)
        named = export.named(closed, self.openings.values(), count.totals, results)
        return json.dumps(named, ensure_ascii=False)

    def count(self) -> None:
        """Open each ballot and decide each item, as the service does."""
        count = counting.counted(self.terms, self.groups, self.entries, self.openings)
        counting.results(self.terms, count)

    def verify(self) -> None:
        """Read the file and verify it, as anyone does."""
        parsed = json.loads(self.text, object_pairs_hook=verify_vote.strict)
        if not verify_vote.Log().verified(parsed)["ok"]:
            raise RuntimeError("the benchmark's own vote is broken")


def _roll(size: int, chance: Random) -> list[HeadGroup]:
    units = (
        Unit(f"{number:06}", chance.randint(4_000, 16_000), frozenset({f"owner-{number}"}))
        for number in range(size)
    )
    return head_groups(units)


def _took(work: Callable[[], None]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
