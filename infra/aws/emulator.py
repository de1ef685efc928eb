"""ministack for the deploy test: started on free ports with IAM in force, and stopped.

Its Lambda runs functions on the Python that runs ministack, without Docker; `PYTHONPATH`
gives them what Lambda's own Python brings (boto3). `AUTH` holds every call of a function to
its role's policy, so a right that the manifest forgot fails the deploy test.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

import requests

from infra.aws.doors import Broker, Door, free_port
from infra.aws.package import ROOT

ACCOUNT = "000000000000"
REGION = "cn-north-1"
VENV = ROOT / ".venv-ministack"
BROUGHT = ROOT / ".venv-infra" / "lambda-runtime"
BROKER_NAME = f"ws://data-ats.iot.{REGION}.amazonaws.com.cn/mqtt"
"""What AWS calls its broker; ministack tells MQTT from other sockets by this name."""

START_S = 60


class Emulator:
    """One ministack with nothing kept; `log` is what it and the functions printed."""

    def __init__(self, folder: Path, venv: Path = VENV) -> None:
        self._port = free_port()
        self._door = Door(self._port)
        self.broker = Broker(self._port, BROKER_NAME)
        self.endpoint = f"http://127.0.0.1:{self._door.port}"
        self.log = folder / "ministack.log"
        self._folder = folder
        self._program = venv / "bin" / "ministack"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Return what AWS clients need to reach it, and nothing of the user's own."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def python_version(self) -> str:
        """Return `3.11`: the Python that packages for it must be built for."""
        asked = "import sys; print(f'{sys.version_info.major}.{sys.version_info.minor}')"
        return subprocess.check_output(
            [self._program.with_name("python"), "-c", asked], text=True
        ).strip()

    def __enter__(self) -> Self:
        """Start it and wait until it answers; raises RuntimeError with its last words."""
        temporary = self._folder / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        settings = {
            "GATEWAY_PORT": str(self._port),
            "AWS_ENDPOINT_URL": self.endpoint,  # what the functions are given
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_REGION": REGION,
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "PERSIST_STATE": "0",
            "S3_PERSIST": "0",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "AUTH": "true",  # every call of a function is held to its role's policy
            "TMPDIR": str(temporary),
            "PYTHONPATH": str(BROUGHT),
        }
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [self._program],
                env=kept | settings,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until = time.monotonic() + START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise RuntimeError(f"ministack did not start:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.1)
        self._door.__enter__()
        self.broker.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it and every function it runs."""
        self.stop()
        self.broker.__exit__()
        self._door.__exit__()

    def stop(self) -> None:
        """SIGTERM, then SIGKILL after ten seconds, to the whole group; then its files go."""
        process, self._process = self._process, None
        if process is None:
            return
        for sign in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, sign)
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
        shutil.rmtree(self._folder / "tmp", ignore_errors=True)

    def _answers(self) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{self._port}/_ministack/ready", timeout=1).ok
        except OSError:
            return False


def scratch() -> Path:
    """Return a new folder for one run."""
    return Path(tempfile.mkdtemp(prefix="linli-deploy-"))
