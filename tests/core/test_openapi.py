import json
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from chalicelib.core import openapi, web


@pytest.mark.parametrize("audience", openapi.AUDIENCES)
def test_each_document_is_valid_and_served(http, audience):
    served = http("GET", f"/openapi/{audience}.json")
    assert served.status == 200
    OpenAPIV31SpecValidator(served.body).validate()
    assert served.body == json.loads(json.dumps(openapi.document(audience)))


@pytest.mark.parametrize("audience", openapi.AUDIENCES)
def test_the_committed_document_is_what_the_routes_say(http, audience):
    committed = Path("miniprogram-api-spec", f"{audience}.json").read_text(encoding="utf-8")
    assert json.loads(committed) == json.loads(json.dumps(openapi.document(audience)))


def test_every_route_is_documented_once(http):
    documented = {
        (method.upper(), path)
        for audience in openapi.AUDIENCES
        for path, operations in openapi.document(audience)["paths"].items()
        for method in operations
    }
    declared = {(route.method, route.path) for route in web.ROUTES if route.audience != web.OPEN}
    assert documented == declared
