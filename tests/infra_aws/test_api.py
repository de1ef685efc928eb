"""One REST API per audience, speaking our error shape where the gateway itself answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app import app
from functions.manifest import FUNCTIONS
from functions.wakes import Http
from infra.aws.api import REASONS
from infra.one_machine.gateway import REASONS as ONE_MACHINE

AUDIENCES = sorted(w.audience for f in FUNCTIONS for w in f.wakes if isinstance(w, Http))
METHODS = {"get", "post", "put", "delete", "options"}


def body_of(linli: Any, audience: str) -> dict[str, Any]:
    body: dict[str, Any] = linli.named("ApiGateway::RestApi", "Name", f"linli-{audience}")["Body"]
    return body


def test_every_route_is_served_by_its_audience_and_by_no_other(linli):
    served: dict[str, set[str]] = {}
    for audience in AUDIENCES:
        for path in body_of(linli, audience)["paths"]:
            served.setdefault(path, set()).add(audience)
    for path in app.routes:
        first = path.split("/")[1]
        assert served[path] == ({first} if first in AUDIENCES else set(AUDIENCES)), path
    assert set(served) == set(app.routes)


def test_the_tap_finds_its_function_warm(linli):
    (alias,) = linli.of("Lambda::Alias").values()
    kept = alias["Properties"]["ProvisionedConcurrencyConfig"]
    assert kept == {"ProvisionedConcurrentExecutions": 1}


@pytest.mark.parametrize("audience", AUDIENCES)
def test_operations_go_to_the_audiences_own_function(linli, audience):
    function = next(f for f in FUNCTIONS if Http(audience) in f.wakes)
    physical = f"linli-{function.name.replace('_', '-')}"
    (logical,) = [
        key
        for key, made in linli.of("Lambda::Function").items()
        if made["Properties"]["FunctionName"] == physical
    ]
    aliases = linli.of("Lambda::Alias").items()
    for alias, made in aliases:  # a warm function is reached by its alias
        if made["Properties"]["FunctionName"] == {"Ref": logical}:
            logical = alias
    for path, operations in body_of(linli, audience)["paths"].items():
        assert set(operations) & METHODS == {m.lower() for m in app.routes[path]} | set(
            operations
        ) & {"options"}
        for method in {m.lower() for m in app.routes[path]}:
            uri = json.dumps(operations[method]["x-amazon-apigateway-integration"]["uri"])
            assert logical in uri
            assert "AWS::Partition" in uri


@pytest.mark.parametrize("audience", AUDIENCES)
def test_a_wrong_method_is_405_and_says_which_are_right(linli, audience):
    for operations in body_of(linli, audience)["paths"].values():
        mock = operations["x-amazon-apigateway-any-method"]["x-amazon-apigateway-integration"]
        assert mock["type"] == "mock"
        (response,) = mock["responses"].values()
        assert response["statusCode"] == "405"
        told = json.loads(response["responseTemplates"]["application/json"])
        assert told["code"] == "method_not_allowed"
        allowed = response["responseParameters"]["method.response.header.Allow"]
        assert {m.lower() for m in allowed.strip("'").split(", ")} == set(operations) & METHODS


@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_gateways_own_refusals_are_in_the_body_in_our_shape(linli, audience):
    said = body_of(linli, audience)["x-amazon-apigateway-gateway-responses"]
    for kind, status, code in (
        ("MISSING_AUTHENTICATION_TOKEN", 404, "no_such_route"),
        ("REQUEST_TOO_LARGE", 413, "request_too_large"),
    ):
        assert said[kind]["statusCode"] == status
        assert json.loads(said[kind]["responseTemplates"]["application/json"])["code"] == code
    for answer in said.values():
        assert "gatewayresponse.header.Access-Control-Allow-Origin" in answer["responseParameters"]
        shape = json.loads(answer["responseTemplates"]["application/json"])
        assert set(shape) == {"code", "message", "request_id"}
    assert {"DEFAULT_4XX", "DEFAULT_5XX"} <= set(said)


def test_both_homes_refuse_in_the_same_words():
    assert REASONS.items() <= ONE_MACHINE.items()


@pytest.mark.parametrize("audience", AUDIENCES)
def test_multipart_arrives_as_bytes_at_a_regional_endpoint(linli, audience):
    made = linli.named("ApiGateway::RestApi", "Name", f"linli-{audience}")
    assert made["Body"]["x-amazon-apigateway-binary-media-types"] == [
        "multipart/form-data",
        "application/xml",
        "text/xml",
        "application/pdf",
    ]
    assert made["EndpointConfiguration"]["Types"] == ["REGIONAL"]


def test_stages_keep_access_logs_and_never_bodies(linli):
    for stage in linli.properties("ApiGateway::Stage"):
        assert "AccessLogSetting" in stage
        assert stage.get("TracingEnabled") is not True
        (setting,) = stage["MethodSettings"]
        assert setting["DataTraceEnabled"] is False
        assert setting["ThrottlingRateLimit"] > 0
