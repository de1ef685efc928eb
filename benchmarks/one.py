"""Run one benchmark in this process and print its figures as JSON, for `python -m benchmarks`.

A process of its own, because the product reads its environment as it is imported.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from tools.simulate.estate import Estate


def main(name: str) -> None:
    """Measure; `LINLI_STATE` names the running system's folder where there is one."""
    benchmark = import_module(f"benchmarks.{name}")
    state = os.environ.get("LINLI_STATE")
    estate = [Estate.read(Path(state) / "demo.json")] if state else []
    print(json.dumps([asdict(figure) for figure in benchmark.measure(*estate)]))


if __name__ == "__main__":
    main(sys.argv[1])
