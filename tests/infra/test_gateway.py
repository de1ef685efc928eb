"""The adapter behaves as API Gateway does, whatever a client sends."""

import base64
import io
import json
from typing import Any

import pytest
from chalice.app import Chalice, CORSConfig, Response

from chalicelib.core.payload import LARGEST_EVENT
from infra.one_machine.gateway import LARGEST_BODY, Gateway

Answer = tuple[int, dict[str, str], bytes]


def echo_app() -> Chalice:
    app = Chalice(app_name="echo")
    app.api.binary_types.append("application/cbor")

    @app.route("/rooms/{room_id}/doors/{door}", methods=["GET", "POST"], cors=CORSConfig())
    def door(room_id: str, door: str) -> dict[str, Any]:
        return {"room": room_id, "door": door}

    @app.route("/rooms/all", methods=["GET"])
    def literal() -> dict[str, Any]:
        return {"literal": True}

    @app.route("/rooms/{room_id}", methods=["GET", "POST"], content_types=["application/cbor"])
    def room(room_id: str) -> dict[str, Any]:
        request: Any = app.current_request
        asked: Any = request.query_params or {}
        return {
            "room": room_id,
            "headers": dict(request.headers),
            "query": {name: asked.getlist(name) for name in asked},
            "body": base64.b64encode(request.raw_body).decode(),
            "ip": request.context["identity"]["sourceIp"],
            "id": request.context["requestId"],
        }

    @app.route("/cookies", methods=["GET"])
    def cookies() -> Response:
        return Response(
            body=b"\x00\xff",
            headers={
                "Content-Type": "application/octet-stream",
                "Set-Cookie": ["a=1", "b=2"],
                "X-Request-Id": "its-own",
            },
        )

    return app


@pytest.fixture(scope="module")
def gateway() -> Gateway:
    return Gateway(echo_app())


def ask(gateway: Gateway, method: str, path: str, body: bytes = b"", **environ: str) -> Answer:
    given = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": "",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_PORT": "8000",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        **environ,
    }
    started: list[Any] = []
    content = b"".join(gateway(given, lambda *said: started.extend(said)))
    status, headers = started
    return int(status.split()[0]), dict(headers), content


def test_a_path_is_matched_to_its_route(gateway: Gateway):
    status, _, body = ask(gateway, "GET", "/rooms/7/doors/东门")
    assert (status, json.loads(body)) == (200, {"room": "7", "door": "东门"})


def test_a_literal_segment_wins_over_a_parameter(gateway: Gateway):
    assert json.loads(ask(gateway, "GET", "/rooms/all")[2]) == {"literal": True}


def test_a_trailing_slash_is_the_same_resource(gateway: Gateway):
    assert ask(gateway, "GET", "/rooms/7/doors/1/")[0] == 200


@pytest.mark.parametrize("path", ["/", "/room", "/rooms//doors/1", "/rooms/7/doors/1/2"])
def test_an_unknown_path_is_404(gateway: Gateway, path: str):
    status, headers, body = ask(gateway, "GET", path)
    assert (status, json.loads(body)["code"]) == (404, "no_such_route")
    assert json.loads(body)["request_id"] == headers["x-request-id"]


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "HEAD", "BREW"])
def test_a_wrong_method_is_405_and_says_which_are_right(gateway: Gateway, method: str):
    status, headers, _ = ask(gateway, method, "/rooms/7/doors/1")
    assert (status, headers["allow"]) == (405, "GET, POST, OPTIONS")


def test_head_has_no_body(gateway: Gateway):
    assert ask(gateway, "HEAD", "/rooms/7/doors/1")[2] == b""


def test_a_preflight_is_answered_for_a_route_with_cors(gateway: Gateway):
    status, headers, _ = ask(gateway, "OPTIONS", "/rooms/7/doors/1")
    assert (status, headers["access-control-allow-origin"]) == (204, "*")
    assert "POST" in headers["access-control-allow-methods"]


def test_a_preflight_of_a_route_without_cors_allows_no_origin(gateway: Gateway):
    status, headers, _ = ask(gateway, "OPTIONS", "/rooms/all")
    assert status == 204
    assert "access-control-allow-origin" not in headers


def test_query_parameters_keep_all_values(gateway: Gateway):
    query = "a=1&a=2&b=&c=%E4%B8%AD"
    cbor = "application/cbor"
    body = ask(gateway, "GET", "/rooms/7", QUERY_STRING=query, CONTENT_TYPE=cbor)[2]
    assert json.loads(body)["query"] == {"a": ["1", "2"], "b": [""], "c": ["中"]}


def test_a_binary_type_reaches_the_view_byte_for_byte(gateway: Gateway):
    sent = bytes(range(256))
    body = ask(gateway, "POST", "/rooms/7", sent, CONTENT_TYPE="application/cbor; v=1")[2]
    assert base64.b64decode(json.loads(body)["body"]) == sent


def test_a_body_without_content_length_is_read(gateway: Gateway):
    body = ask(
        gateway,
        "POST",
        "/rooms/7",
        b"chunks",
        CONTENT_TYPE="application/cbor",
        HTTP_TRANSFER_ENCODING="chunked",
    )[2]
    assert base64.b64decode(json.loads(body)["body"]) == b"chunks"


@pytest.mark.parametrize(
    ("size", "status"),
    [
        (4_000_000, 200),
        (4_700_000, 200),
        (LARGEST_EVENT * 3 // 4, 413),
        (LARGEST_BODY + 1, 413),
        (3 * LARGEST_BODY, 413),
    ],
)
def test_a_body_that_lambda_would_not_take_is_413(gateway: Gateway, size: int, status: int):
    """Bytes travel in base64, of which six megabytes are too much with the headers."""
    sent = b"0" * size
    lengths: list[dict[str, str]] = [{}, {"CONTENT_LENGTH": str(size)}]
    for length in lengths:
        given: dict[str, Any] = {"CONTENT_TYPE": "application/cbor", **length}
        answer = ask(gateway, "POST", "/rooms/7", sent, **given)
        assert answer[0] == status
        if status == 413:
            assert json.loads(answer[2])["code"] == "request_too_large"


def test_headers_that_only_a_gateway_may_set_are_not_believed(gateway: Gateway):
    body = ask(
        gateway,
        "GET",
        "/rooms/7",
        CONTENT_TYPE="application/cbor",
        HTTP_X_FORWARDED_FOR="6.6.6.6",
        HTTP_X_FORWARDED_HOST="evil",
        HTTP_FORWARDED="for=6.6.6.6",
        HTTP_X_REAL_IP="6.6.6.6",
        HTTP_X_AMZN_REQUEST_ID="made-up",
        HTTP_X_REQUEST_ID="made-up",
        HTTP_PROXY="http://proxy",
        HTTP_TE="trailers",
        HTTP_TENANT="heyuan",
        HTTP_X_LINLI_DEVICE="gate-1",
    )[2]
    seen = json.loads(body)
    assert "6.6.6.6" not in body.decode()
    assert "made-up" not in body.decode()
    assert seen["headers"]["x-forwarded-for"] == seen["ip"] == "127.0.0.1"
    assert seen["headers"]["x-linli-device"] == "gate-1"
    assert seen["headers"]["tenant"] == "heyuan"
    assert not {"proxy", "te"} & set(seen["headers"])


def test_every_reply_names_its_request(gateway: Gateway):
    _, headers, body = ask(gateway, "GET", "/rooms/7", CONTENT_TYPE="application/cbor")
    assert json.loads(body)["id"] == headers["x-request-id"]


def test_a_view_may_set_several_cookies_binary_bodies_and_its_own_id(gateway: Gateway):
    started: list[Any] = []
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/cookies",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_PORT": "1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_ACCEPT": "application/octet-stream",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
    }
    content = b"".join(gateway(environ, lambda *said: started.extend(said)))
    assert content == b"\x00\xff"
    assert [value for name, value in started[1] if name == "set-cookie"] == ["a=1", "b=2"]
    assert [value for name, value in started[1] if name == "x-request-id"] == ["its-own"]
