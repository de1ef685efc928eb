"""WeChat on one machine: the simulator, unless the environment names another server."""

import json
import os
import secrets

from infra.one_machine import reach
from infra.one_machine.home import Home
from infra.one_machine.ports import Ports
from infra.one_machine.processes import Part, python

APP_ID = "wxsimulated00000001"

TEMPLATES = {
    "ring": {
        "template_id": "tmpl-ring",
        "page": "pages/call/call?call_id={cause_id}",
        "words": {"thing1": "place", "thing2": "home", "time3": "at", "thing4": "tip"},
    }
}
"""The simulated mini-program's subscribe messages."""


def environment(home: Home, ports: Ports) -> dict[str, str]:
    """Return where WeChat is and as which mini-program we speak to it."""
    if is_elsewhere():
        names = ("LINLI_WECHAT_URL", "LINLI_WECHAT_APP_ID", "LINLI_WECHAT_SECRET")
        templates = os.environ.get("LINLI_WECHAT_TEMPLATES", "{}")
        return {name: os.environ[name] for name in names} | {"LINLI_WECHAT_TEMPLATES": templates}
    app_secret(home)
    return {
        "LINLI_WECHAT_URL": f"http://127.0.0.1:{ports.wechat}",
        "LINLI_WECHAT_APP_ID": APP_ID,
        "LINLI_WECHAT_TEMPLATES": json.dumps(TEMPLATES),
        "LINLI_WECHAT_SECRET": f"file:{home.folder('keys') / 'wechat-secret'}",
    }


def is_elsewhere() -> bool:
    """Return whether the environment names a real server: those have certificates."""
    return os.environ.get("LINLI_WECHAT_URL", "").startswith("https://")


def app_secret(home: Home) -> str:
    """Return the simulated mini-program's secret, made at first run."""
    return home.secret("wechat-secret", lambda: secrets.token_hex(16).encode()).decode()


def part(home: Home, port: int) -> Part:
    """Return the simulator as a child process; it forgets everything when it ends."""
    return Part(
        name="wechat",
        argv=python("simulators.wechat", "--port", str(port), "--app-id", APP_ID),
        environment={**os.environ, "SIMULATED_WECHAT_SECRET": app_secret(home)},
        is_ready=lambda: reach.answers(port, "/_sim/ready"),
        is_engine=True,
    )
