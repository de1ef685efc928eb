"""Measure the budgets of DESIGN.md: measured, budget, ratio.

    python -m benchmarks [--on-disk]
        [start_up overhead authorise signature traces
         ballots calls sign_ins taps decisions sightings webhook imports withdrawal storm]

Each benchmark runs in a process of its own, the last nine against one system that is started
for them, with its tables in memory unless they are wanted on disk. A missed budget is marked
MISSED and makes the exit status 1. The storm takes minutes and runs only if it is named.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack

from benchmarks import live
from benchmarks.figures import Figure, line, missed

SYNCS = 50
ON_DISK = "--on-disk"
ALONE = ("start_up", "overhead", "authorise", "signature", "traces")
LIVE = (
    "ballots",
    "calls",
    "sign_ins",
    "taps",
    "decisions",
    "sightings",
    "webhook",
    "imports",
    "withdrawal",
)
IF_NAMED = ("storm",)


def main(arguments: Sequence[str]) -> int:
    """Run what is wanted, all if nothing is named; return the exit status."""
    wanted = [name for name in arguments if name != ON_DISK]
    unknown = set(wanted) - {*ALONE, *LIVE, *IF_NAMED}
    if unknown:
        every = ", ".join((*ALONE, *LIVE, *IF_NAMED))
        print(f"unknown: {', '.join(sorted(unknown))}; one of {every}")
        return 2
    print(f"synced writes of this disk: {_syncs_per_second():.0f}/s, load {os.getloadavg()[0]:.1f}")
    print(f"{'':<58} {'measured':>16} {'budget':>18} {'ratio':>8}")
    figures = [*_run(_chosen(ALONE, wanted), os.environ)]
    named = [name for name in IF_NAMED if name in wanted]
    if asked := [*_chosen(LIVE, wanted), *named]:
        with ExitStack() as stack:
            system = stack.enter_context(live.running(on_disk=ON_DISK in arguments))
            figures += _run(asked, live.environment(system))
    late = missed(figures)
    print(f"\n{len(late)} of {len(figures)} figures miss their budget")
    return 1 if late else 0


def _syncs_per_second() -> float:
    """Return how many small writes a second this disk makes durable."""
    with tempfile.TemporaryFile(dir=".") as file:
        began = time.perf_counter()
        for _ in range(SYNCS):
            file.write(b"x" * 512)
            file.flush()
            os.fsync(file.fileno())
        return SYNCS / (time.perf_counter() - began)


def _chosen(names: Iterable[str], wanted: Sequence[str]) -> list[str]:
    return [name for name in names if not wanted or name in wanted]


def _run(names: Iterable[str], environment: Mapping[str, str]) -> Iterable[Figure]:
    for name in names:
        began = time.perf_counter()
        figures = _measured(name, environment)
        print(f"\n{name} ({time.perf_counter() - began:.0f} s)")
        for figure in figures:
            print(line(figure), flush=True)
        yield from figures


def _measured(name: str, environment: Mapping[str, str]) -> list[Figure]:
    """Run one benchmark; what cannot be measured is a missed budget, said as such."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.one", name],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(done.stderr[-3000:], file=sys.stderr)
        return [Figure(f"{name} could not be measured", 0, 1, at_least=True)]
    return [Figure(**fields) for fields in json.loads(done.stdout.splitlines()[-1])]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
