"""ministack for the deploy test: started on a free port, asked over its own wire, stopped.

Its Lambda runs functions on the Python that runs ministack, without Docker; `PYTHONPATH`
gives them what Lambda's own Python brings (boto3). Its MQTT broker speaks WebSocket only, our
simulated devices plain TCP: `Broker` carries the bytes from one to the other, unread.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Self

import websockets

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
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
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
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_REGION": REGION,
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "PERSIST_STATE": "0",
            "S3_PERSIST": "0",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LAMBDA_STRICT": "0",
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
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it and every function it runs."""
        self.stop()

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
            with urllib.request.urlopen(f"{self.endpoint}/_ministack/ready", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


class Broker:
    """A TCP port that leads to ministack's MQTT-over-WebSocket broker."""

    def __init__(self, emulator: Emulator) -> None:
        self.port = free_port()
        self._inner = emulator.port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        """Listen on loopback."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._carry, "127.0.0.1", self.port), self._loop
        ).result(5)
        return self

    def __exit__(self, *_: object) -> None:
        """Close every connection, then the loop."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _end(self) -> None:
        open_still = asyncio.all_tasks() - {asyncio.current_task()}
        for task in open_still:
            task.cancel()
        await asyncio.gather(*open_still, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        async with websockets.connect(
            BROKER_NAME,
            host="127.0.0.1",
            port=self._inner,
            subprotocols=[websockets.Subprotocol("mqtt")],
            proxy=None,
        ) as inner:

            async def upward() -> None:
                while sent := await reader.read(65536):
                    await inner.send(sent)

            async def downward() -> None:
                async for said in inner:
                    writer.write(said if isinstance(said, bytes) else said.encode())
                    await writer.drain()

            pumps = [asyncio.create_task(upward()), asyncio.create_task(downward())]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
        writer.close()


def free_port() -> int:
    """Return a port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def scratch() -> Path:
    """Return a new folder for one run."""
    return Path(tempfile.mkdtemp(prefix="linli-deploy-"))
