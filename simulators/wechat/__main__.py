"""Serve the simulated WeChat until told to stop."""

from __future__ import annotations

import argparse
import os

from simulators.wechat.server import server
from simulators.wechat.state import WeChat


def main() -> None:
    """Read the arguments; the app's secret comes by `SIMULATED_WECHAT_SECRET`."""
    parser = argparse.ArgumentParser(prog="simulators.wechat", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--app-id", default=WeChat.app_id)
    asked = parser.parse_args()
    secret = os.environ.get("SIMULATED_WECHAT_SECRET", WeChat.secret)
    with server(WeChat(app_id=asked.app_id, secret=secret), asked.port) as made:
        made.serve_forever()


if __name__ == "__main__":
    main()
