"""One machine: start everything Linli needs on loopback and keep it running.

`python -m infra.local [--port 8000] [--state .local] [--in-memory] [--reset]`
"""

import argparse
import os
import sys
from pathlib import Path

from infra.one_machine.home import REPOSITORY, Home
from infra.one_machine.instance import reset, run


def main() -> int:
    """Run until SIGTERM or SIGINT; return the exit status."""
    parser = argparse.ArgumentParser(prog="infra.local", description=__doc__)
    parser.add_argument("--port", type=_port, default=8000, help="HTTP port (default 8000)")
    parser.add_argument("--state", type=Path, default=REPOSITORY / ".local", help="state folder")
    parser.add_argument("--in-memory", action="store_true", help="keep no data (for tests)")
    parser.add_argument("--reset", action="store_true", help="forget all stored data and stop")
    asked = parser.parse_args()
    os.umask(0o077)  # databases, logs and keys are this user's alone, whichever part writes them
    home = Home(asked.state.resolve(), in_memory=asked.in_memory)
    return reset(home) if asked.reset else run(home, asked.port)


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port < 65_536 or (0 < port < 1024 and os.geteuid() != 0):
        raise argparse.ArgumentTypeError("0, or a port from 1024 to 65535 (below 1024 for root)")
    return port


if __name__ == "__main__":
    sys.exit(main())
