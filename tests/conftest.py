"""The embedded AWS endpoints, started once when a test first asks for `cloud`."""

import dataclasses
import io
import ipaddress
import json
import os
import shutil
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from infra.one_machine import ports as port_numbers
from infra.one_machine.home import Home

if TYPE_CHECKING:
    from simulators.wechat.state import WeChat

_home = Home(Path(tempfile.mkdtemp(prefix="linli-tests-")), in_memory=True)
_ports = port_numbers.choose(_home, 0)


def pytest_configure() -> None:
    """Point the product at the engines before any of it is imported."""
    from infra.one_machine.environment import environment  # noqa: PLC0415 -- imports the product

    os.environ.update(environment(_home, _ports))
    os.environ["LINLI_COMMAND_BUS"] = "loopback"
    from chalicelib.core.config import settings  # noqa: PLC0415 -- read too early by an import

    settings.cache_clear()
    from infra.one_machine import rights  # noqa: PLC0415 -- as above

    rights.enforce()  # handlers and routes run under their manifest lines, as on AWS


def pytest_unconfigure() -> None:
    """Leave nothing behind: the folder holds keys."""
    shutil.rmtree(_home.root, ignore_errors=True)


@pytest.fixture(scope="session")
def cloud() -> Iterator[None]:
    """Run DynamoDB Local and ministack, with every table, queue and bucket made."""
    from chalicelib.core import aws  # noqa: PLC0415 -- after the environment is set
    from infra.one_machine import dynamodb, ministack  # noqa: PLC0415 -- as above
    from infra.one_machine.processes import Supervisor  # noqa: PLC0415 -- as above

    supervisor = Supervisor(_home, say=lambda _text: None)
    supervisor.start(dynamodb.part(_home, _ports.dynamodb))
    supervisor.start(ministack.part(_home, _ports.aws))
    try:
        assert supervisor.await_ready(threading.Event(), patience_s=60), "engines did not start"
        dynamodb.ensure_tables(aws.client("dynamodb"))
        ministack.ensure(aws.client)
        yield
    finally:
        supervisor.stop()


@pytest.fixture
def community() -> str:
    """A community id that nobody used before: tests share tables and never meet."""
    return f"com_{uuid.uuid4().hex[:20]}"


@pytest.fixture(scope="session")
def wechat() -> Iterator["WeChat"]:
    """The simulated WeChat, where the product's configuration says that WeChat is."""
    from chalicelib.core import secret  # noqa: PLC0415 -- after the environment is set
    from chalicelib.core.config import settings  # noqa: PLC0415 -- as above
    from simulators.wechat.server import serving  # noqa: PLC0415 -- only whoever asks WeChat
    from simulators.wechat.state import WeChat  # noqa: PLC0415 -- as above

    made = WeChat(settings().wechat_app_id, secret.opened(settings().wechat_secret).decode())
    with serving(made, urlsplit(settings().wechat_url).port or 0):
        yield made


@pytest.fixture
def sent() -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """What was published to devices during the test: (topic, message)."""
    from chalicelib.devices.drivers import loopback  # noqa: PLC0415 -- after the environment

    messages: list[tuple[str, dict[str, Any]]] = []
    with loopback.subscribed(lambda topic, payload: messages.append((topic, json.loads(payload)))):
        yield messages


@dataclasses.dataclass(frozen=True)
class Reply:
    """What came back over HTTP."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def code(self) -> str:
        return str(self.body["code"])


class Http:
    """The API as a client meets it: behind the one-machine gateway, without the socket."""

    def __init__(self, source: str) -> None:
        from app import app  # noqa: PLC0415 -- after the environment
        from infra.one_machine.gateway import Gateway  # noqa: PLC0415 -- as above

        self.gateway = Gateway(app)
        self.source = source

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        **headers: str,
    ) -> Reply:
        raw = (
            body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        )
        path, _, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_LENGTH": str(len(raw)),
            "CONTENT_TYPE": headers.pop("content_type", "application/json"),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "SERVER_PORT": "80",
            "REMOTE_ADDR": self.source,
            "wsgi.input": io.BytesIO(raw),
            "wsgi.url_scheme": "http",
            **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
        }
        if token:
            environ["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        started: list[Any] = []
        content = b"".join(self.gateway(environ, lambda *said: started.append(said)))
        status, said = started[0]
        told = dict(said)
        is_json = told.get("content-type", "").startswith("application/json")
        body = json.loads(content) if content and is_json else content or None
        return Reply(int(status[:3]), told, body)


@pytest.fixture
def http(cloud: None) -> Http:
    """The API, with its engines running, asked from an address of this test's own."""
    return Http(str(ipaddress.IPv6Address(uuid.uuid4().int)))


@pytest.fixture(scope="session")
def sign() -> Callable[..., str]:
    """Sign an access token: claims by keyword, with those of a resident as defaults."""
    import jwt  # noqa: PLC0415 -- small, and only here

    from infra.one_machine.environment import TOKEN_KEY_ID, token_key  # noqa: PLC0415 -- as above

    def signed(community: str, subject: str = "per_1", **claims: Any) -> str:
        audience = claims.pop("audience", "resident")
        given = {
            "iss": "linli",
            "sub": subject,
            "aud": f"linli:{audience}",
            "community": community,
            "roles": [audience],
            "iat": int(time.time()),
            "exp": int(time.time()) + 600,
            **claims,
        }
        return jwt.encode(given, token_key(_home), "EdDSA", headers={"kid": TOKEN_KEY_ID})

    return signed
