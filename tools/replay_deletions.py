"""Erase again everybody whom a restored backup has brought back (docs/restoring.md).

    python -m tools.replay_deletions --state .local     # one machine
    python -m tools.replay_deletions                    # AWS: LINLI_* and credentials as set

Run it after a restore and before anybody is let in. It reads the list of deletions, which
must be the newest there is, and may run twice.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Replay the deletions of every community and print how many people were erased again."""
    parser = argparse.ArgumentParser(prog="python -m tools.replay_deletions", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--state", type=Path, help="the folder of a one-machine home")
    asked = parser.parse_args(arguments)
    if asked.state is not None:
        os.environ.update(json.loads((asked.state / "env.json").read_text(encoding="utf-8")))
    # The product reads its environment as it is imported.
    from chalicelib.identity import public as identity  # noqa: PLC0415 -- see above

    for community_id in _communities():
        print(community_id, identity.replay_deletions(community_id))
    return 0


def _communities() -> list[str]:
    """Return where anybody ever asked for a deletion: a scan, which only an operator may do."""
    from chalicelib.core import aws, table  # noqa: PLC0415 -- as above

    pages = (
        aws.client("dynamodb")
        .get_paginator("scan")
        .paginate(TableName=table.table_name("deletions"), ProjectionExpression="community_id")
    )
    return sorted({item["community_id"]["S"] for page in pages for item in page["Items"]})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
