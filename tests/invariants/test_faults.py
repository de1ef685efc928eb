"""Both journeys under faults: the product holds its invariants, a naive handler does not."""

import os
import re
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SEEDS, NAIVE_SEEDS = 200, 60


def simulate(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the simulator as a person would, in a process whose environment is its own."""
    return subprocess.run(
        [sys.executable, "-m", "tests.invariants.faults", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_invariants_hold() -> None:
    done = simulate("--seeds", str(SEEDS))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 violations" in done.stdout


def test_every_kind_of_fault_was_injected() -> None:
    """A fault that never happens proves nothing."""
    from tests.invariants.chance import RATES  # noqa: PLC0415 -- beside its use

    done = simulate("--seeds", "60")
    counted = dict(re.findall(r"^  (\D+?) +(\d+)$", done.stdout, re.MULTILINE))
    assert {*RATES, "clock jump", "restart", "poison", "dead letter"} <= counted.keys()


def test_a_naive_handler_breaks_within_sixty_seeds() -> None:
    done = simulate("--naive", "--seeds", str(NAIVE_SEEDS))
    assert done.returncode == 1
    assert re.search(r"seed \d+: I8 \d commands for call", done.stdout), "opened twice, unseen"
    assert re.search(r"seed \d+: I22 a change without its event", done.stdout)


def test_a_seed_repeats_its_run_in_another_process() -> None:
    stories = {
        re.sub(
            r"\d+ ms a run", "", simulate("--seed", "7", "--verbose", PYTHONHASHSEED=salt).stdout
        )
        for salt in ("1", "2")
    }
    assert len(stories) == 1
    assert "the faults stop" in stories.pop()
