"""`python -m infra.aws.found_estate STATE`: put the demo estate into a deployed Linli.

The same estate as on one machine, through the same use cases; writes STATE/demo.json.
A process of its own: tables take their names from the environment as they are imported.
"""

from __future__ import annotations

import sys
from pathlib import Path

from infra.one_machine import demo_estate
from infra.one_machine.home import Home


def main() -> None:
    """Found both communities with their people and devices."""
    demo_estate.ensure(Home(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
