"""API Gateway: one REST API per audience, from Chalice's own Swagger generator.

Refusals by the gateway itself (unknown path, wrong method, too large) speak our error shape;
they stand in the Swagger body because importing a body removes gateway responses that do not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from chalice.app import Chalice
from chalice.deploy.swagger import SwaggerGenerator
from constructs import Construct

STAGE = "v1"
SHARED = ("healthz", "openapi")
"""First path segments that every audience's API serves."""

REASONS = {
    404: ("no_such_route", "接口不存在"),
    405: ("method_not_allowed", "这个接口不支持该请求方法"),
    413: ("request_too_large", "请求内容过大"),
}
"""What the gateway itself refuses; the words of infra.one_machine.gateway.py."""

BINARY = ["multipart/form-data", "application/xml", "text/xml", "application/pdf"]
"""Vendors' devices post pictures in multipart, and XML in GB 2312: bytes must arrive as they were
sent. Who accepts a PDF gets its bytes (the gateway looks at the request's `Accept`)."""

ANY_TYPE = (
    "application/json",
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
    "multipart/form-data",
    "text/plain",
)
"""Content types for which a mock answers; for others the gateway says 415."""

CORS = {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"}


class AudienceSwagger(SwaggerGenerator):  # type: ignore[misc]  # Chalice has no types
    """Chalice's generator, for one audience's routes, with CDK tokens for the function."""

    def __init__(self, audience: str, function: lambda_.IFunction) -> None:
        super().__init__(region="", deployed_resources={})
        self._audience = audience
        self._function = function

    def generate_swagger(self, app: Any, rest_api: Any = None) -> dict[str, Any]:
        """Return the Swagger 2.0 document of the audience's API."""
        document: dict[str, Any] = super().generate_swagger(app, rest_api)
        document["info"]["title"] = f"linli-{self._audience}"
        document["x-amazon-apigateway-gateway-responses"] = _gateway_responses()
        for path in document["paths"].values():
            path["x-amazon-apigateway-any-method"] = _not_allowed(path)
        return document

    def _add_binary_types(self, api: dict[str, Any], app: Any) -> None:  # noqa: ARG002 -- Chalice calls it so
        api["x-amazon-apigateway-binary-media-types"] = BINARY

    def _add_route_paths(self, api: dict[str, Any], app: Any) -> None:
        mine = {
            path: views
            for path, views in app.routes.items()
            if path.split("/")[1] in (self._audience, *SHARED)
        }
        super()._add_route_paths(api, cast("Chalice", SimpleNamespace(routes=mine)))

    def _uri(self, lambda_arn: str | None = None) -> str:  # noqa: ARG002 -- as above
        return (
            f"arn:{Aws.PARTITION}:apigateway:{Aws.REGION}:lambda:path/2015-03-31"
            f"/functions/{self._function.function_arn}/invocations"
        )


class Api(Construct):
    """The API of an audience, served by its function."""

    def __init__(
        self, scope: Construct, audience: str, *, routes: Any, function: lambda_.IFunction
    ) -> None:
        super().__init__(scope, audience.capitalize())
        api = apigateway.SpecRestApi(
            self,
            "Api",
            rest_api_name=f"linli-{audience}",
            api_definition=apigateway.ApiDefinition.from_inline(
                AudienceSwagger(audience, function).generate_swagger(routes)
            ),
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            cloud_watch_role=False,
            retain_deployments=False,
            deploy_options=_stage(self, audience),
        )
        lambda_.CfnPermission(
            self,
            "Invoke",
            action="lambda:InvokeFunction",
            function_name=function.function_name,
            principal="apigateway.amazonaws.com",
            source_arn=api.arn_for_execute_api("*", "/*", STAGE),
        )
        self.url = api.url


def _stage(scope: Construct, audience: str) -> apigateway.StageOptions:
    access = logs.LogGroup(
        scope,
        "Access",
        log_group_name=f"/aws/apigateway/linli-{audience}",
        retention=logs.RetentionDays.SIX_MONTHS,  # Cybersecurity Law 23(3)
        removal_policy=RemovalPolicy.RETAIN,
    )
    return apigateway.StageOptions(
        stage_name=STAGE,
        access_log_destination=apigateway.LogGroupLogDestination(access),
        access_log_format=apigateway.AccessLogFormat.json_with_standard_fields(
            caller=False,
            http_method=True,
            ip=True,
            protocol=False,
            request_time=True,
            resource_path=True,
            response_length=True,
            status=True,
            user=False,
        ),
        # What the gateway itself went wrong with; never bodies, which hold people's data.
        logging_level=apigateway.MethodLoggingLevel.ERROR,
        data_trace_enabled=False,
        metrics_enabled=True,
        tracing_enabled=False,
        throttling_rate_limit=500,
        throttling_burst_limit=1000,
    )


def _body(status: int) -> str:
    code, message = REASONS[status]
    return json.dumps(
        {"code": code, "message": message, "request_id": "$context.requestId"}, ensure_ascii=False
    )


def _gateway_responses() -> dict[str, Any]:
    """Return what the gateway says by itself, in our shape and readable across origins."""
    told = (
        ("MISSING_AUTHENTICATION_TOKEN", 404),  # its name for a path that does not exist
        ("RESOURCE_NOT_FOUND", 404),
        ("REQUEST_TOO_LARGE", 413),
    )
    responses: dict[str, Any] = {
        kind: {
            "statusCode": status,
            "responseParameters": CORS,
            "responseTemplates": {"application/json": _body(status)},
        }
        for kind, status in told
    }
    for kind, code, message in (
        ("DEFAULT_4XX", "bad_request", "请求无法处理"),
        ("DEFAULT_5XX", "unavailable", "服务暂时不可用，请稍后再试"),
        ("THROTTLED", "too_many_requests", "请求过于频繁，请稍后再试"),
        ("UNSUPPORTED_MEDIA_TYPE", "unsupported_media_type", "不支持这种内容类型"),
    ):
        body = {"code": code, "message": message, "request_id": "$context.requestId"}
        responses[kind] = {
            "responseParameters": CORS,
            "responseTemplates": {"application/json": json.dumps(body, ensure_ascii=False)},
        }
    return responses


def _not_allowed(path: Mapping[str, Any]) -> dict[str, Any]:
    """Return the operation that answers 405 for every method the path does not have."""
    allowed = ", ".join(sorted(method.upper() for method in path))
    headers = {"Allow": f"'{allowed}'", "Access-Control-Allow-Origin": "'*'"}
    return {
        "produces": ["application/json"],
        "responses": {
            "405": {
                "description": "405 response",
                "headers": {name: {"type": "string"} for name in headers},
            }
        },
        "x-amazon-apigateway-integration": {
            "type": "mock",
            "passthroughBehavior": "never",
            "contentHandling": "CONVERT_TO_TEXT",
            "requestTemplates": dict.fromkeys(ANY_TYPE, '{"statusCode": 405}'),
            "responses": {
                "default": {
                    "statusCode": "405",
                    "responseParameters": {
                        f"method.response.header.{name}": value for name, value in headers.items()
                    },
                    "responseTemplates": {"application/json": _body(405)},
                }
            },
        },
    }
