"""CPU that a cold start of the API takes, over what its libraries alone take."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from statistics import median

from benchmarks.figures import Figure

CLIENT = "boto3.client('dynamodb', region_name='cn-north-1')"
PROGRAMS: Mapping[str, str] = {
    "bare": "pass",
    "libraries": f"import chalice, pydantic, pynamodb, boto3; {CLIENT}",
    "app": "import app",
    "app_and_client": "import app; from chalicelib.core import aws; aws.client('dynamodb')",
}
ROUNDS = 9


def measure() -> list[Figure]:
    """Run each in turn with precompiled `.pyc`; the median of the CPU seconds stands."""
    spent: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    with tempfile.TemporaryDirectory() as cache:
        for name in PROGRAMS:
            _cpu_seconds(name, cache)  # compiles
        for _ in range(ROUNDS):
            for name, seconds in spent.items():
                seconds.append(_cpu_seconds(name, cache))
    milliseconds = {name: 1000 * median(seconds) for name, seconds in spent.items()}
    over = {name: value - milliseconds["bare"] for name, value in milliseconds.items()}
    return [
        Figure(
            "CPU: import libraries + one client, over bare Python", over["libraries"], unit="ms"
        ),
        Figure("CPU: import app, over bare Python", over["app"], unit="ms"),
        Figure(
            "start-up: import app / libraries + client", over["app"] / over["libraries"], 1.25, "×"
        ),
        Figure(
            "start-up: import app + client / libraries + client",
            over["app_and_client"] / over["libraries"],
            unit="×",
            note="stricter: a client on both sides",
        ),
    ]


def _cpu_seconds(name: str, cache: str) -> float:
    """User and system CPU of one fresh interpreter."""
    environment = os.environ | {
        "PYTHONPYCACHEPREFIX": cache,
        "PYTHONDONTWRITEBYTECODE": "",
        "AWS_DEFAULT_REGION": "cn-north-1",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
    }
    process = subprocess.Popen([sys.executable, "-c", PROGRAMS[name]], env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{name!r} did not import")
    return usage.ru_utime + usage.ru_stime
