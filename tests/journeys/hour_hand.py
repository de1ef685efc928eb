"""The hour hand of a vote: `python -m tests.journeys.hour_hand STATE INSTANT` lets the minute's
schedule of a running system do now what it will do at that instant.

Nothing of the product can be told what time it is, and a vote takes weeks. So one votes over HTTP
as of now, and what the clock alone does later is done early by this process, with the same use
case against the same stores.
"""

import os
import sys
from datetime import datetime
from pathlib import Path

from tests.journeys.operator import environment


def main(state: str, instant: str) -> None:
    """Move every vote whose time has come by then."""
    os.environ.update(environment(Path(state)))
    from chalicelib.core import clock  # noqa: PLC0415 -- reads the environment
    from chalicelib.voting import public as voting  # noqa: PLC0415 -- as above

    with clock.standing_at(datetime.fromisoformat(instant)):
        voting.move_votes()


if __name__ == "__main__":
    main(*sys.argv[1:])
