"""Enrol devices of one kind at places of a running one-machine home, and print their keys.

    python -m tools.enrol --state .local --community heyuan panel heyuan-entrance-02 …

Prints one JSON array in the form of demo.json's `devices`. A key is shown here and nowhere else.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Enrol and print; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.enrol", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--state", type=Path, default=Path(".local"))
    parser.add_argument("--community", default="heyuan")
    parser.add_argument("kind", help="panel, gate, lift_camera, lift_controller …")
    parser.add_argument("places", nargs="+", metavar="place")
    asked = parser.parse_args(arguments)
    known = asked.state / "env.json"
    if not known.exists():
        print(f"{known} is not there: start the system first with `make run`", file=sys.stderr)
        return 2
    os.environ.update(json.loads(known.read_text(encoding="utf-8")))
    print(json.dumps([_enrol(asked.community, asked.kind, place) for place in asked.places]))
    return 0


def _enrol(community_id: str, kind: str, place_id: str) -> dict[str, str]:
    # The product reads its environment as it is imported.
    from chalicelib.devices import public as devices  # noqa: PLC0415 -- see above
    from chalicelib.identity import public as identity  # noqa: PLC0415 -- as above

    made = devices.enrol(
        community_id,
        devices.Kind(kind),
        place_id=place_id,
        name=f"{place_id} {kind}",
        node_path=identity.standing_at(community_id, ""),
    )
    return {
        "id": made.device_id,
        "kind": made.kind,
        "key_id": made.key_id,
        "key": made.key,
        "community_id": community_id,
        "place_id": place_id,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
