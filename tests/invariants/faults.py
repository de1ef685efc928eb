"""The fault simulator: `python -m tests.invariants.faults --seeds 10000`.

Each seed is one run of both journeys over the real handlers with a simulated cloud. A
violation prints the seed that repeats it; seeds once found are kept and run first.
"""

import argparse
import json
import os
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOUND = Path(__file__).with_name("found_seeds.txt")
KEY_ID = "simulated"
SEEDS = 10_000
STORY_LINES = 400
PROGRESS = 500


def main() -> int:
    """Run the seeds that were asked for; return 1 if any found a violation."""
    asked = _asked()
    with tempfile.TemporaryDirectory(prefix="linli-faults-") as home:
        sign = furnish(Path(home))
        return play(asked, sign)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many, from 1")
    parser.add_argument("--seed", type=int, action="append", help="these alone")
    parser.add_argument("--naive", action="store_true", help="with handlers that must break")
    parser.add_argument("--verbose", action="store_true", help="tell the story of each run")
    return parser.parse_args()


def furnish(home: Path) -> Any:
    """Point the product at nothing real; return what signs its callers' tokens.

    Called before any of the product is imported: it reads its environment once.
    """
    import jwt  # noqa: PLC0415 -- after the arguments are understood
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 -- as above
        Ed25519PrivateKey,
    )

    key, master = Ed25519PrivateKey.generate(), home / "master.key"
    master.write_bytes(secrets.token_bytes(32))
    public = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key()))
    os.environ |= {
        "AWS_DEFAULT_REGION": "cn-north-1",
        "LINLI_COMMAND_BUS": "iot_core",
        "LINLI_MASTER_KEY": f"file:{master}",
        "LINLI_QUEUE_PREFIX": "https://sqs.invalid/linli-",
        "LINLI_TOKEN_KEYS": json.dumps({"keys": [public | {"kid": KEY_ID}]}),
        "LINLI_TOKEN_LONGEST_S": str(2 * 10**8),
        "POWERTOOLS_LOG_LEVEL": "ERROR",
    }
    from tests.invariants import people  # noqa: PLC0415 -- imports the product

    return people.signer(key, KEY_ID)


def play(asked: argparse.Namespace, sign: Any) -> int:
    """Run the seeds and print what came of them."""
    from app import app  # noqa: PLC0415 -- after the environment is set
    from tests.invariants import naive, simulation  # noqa: PLC0415 -- as above

    swaps = naive.SWAPS if asked.naive else {}
    faults: Counter[str] = Counter()
    runs = calls = broken = 0
    began = time.monotonic()
    for seed in _seeds(asked):
        outcome = simulation.run(seed, app=app, sign=sign, swaps=swaps, telling=asked.verbose)
        runs, calls, broken = runs + 1, calls + outcome.calls, broken + bool(outcome.violations)
        faults += outcome.faults
        _show(outcome)
        if runs % PROGRESS == 0:
            say(f"{runs} runs, {broken} broken")
    _sum_up(runs, calls, faults, time.monotonic() - began)
    say(f"{broken} of {runs} runs broke an invariant" if broken else "0 violations")
    return 1 if broken else 0


def _seeds(asked: argparse.Namespace) -> Iterator[int]:
    if asked.seed or os.environ.get("SEEDS"):
        yield from asked.seed or map(int, os.environ["SEEDS"].split())
        return
    kept = [] if asked.naive else found_seeds()
    yield from kept
    yield from (seed for seed in range(1, asked.seeds + 1) if seed not in kept)


def found_seeds() -> list[int]:
    """Return the seeds that once found something; a `#` begins what they found."""
    lines = FOUND.read_text(encoding="utf-8").splitlines()
    return [int(said) for line in lines if (said := line.partition("#")[0].strip())]


def _show(outcome: Any) -> None:
    for line in outcome.story[-STORY_LINES:]:
        say(line)
    for violation in outcome.violations:
        say(f"seed {outcome.seed}: {violation}")
    if outcome.violations:
        say(f"  repeat: python -m tests.invariants.faults --seed {outcome.seed} --verbose")


def _sum_up(runs: int, calls: int, faults: Counter[str], took_s: float) -> None:
    say(f"{runs} runs, {calls} calls to the store, {1000 * took_s / max(1, runs):.0f} ms a run")
    for kind, count in sorted(faults.items()):
        say(f"  {kind:16} {count:9}")


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
