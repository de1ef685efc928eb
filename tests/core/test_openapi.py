import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it has none
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


LISTS = ("items", "events")


@pytest.mark.parametrize("audience", openapi.AUDIENCES)
def test_every_model_shows_an_example_that_fits_it(http, audience):
    document = openapi.document(audience)
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        properties = schema.get("properties", {})
        if not properties or set(properties) & set(LISTS):
            continue  # an enumeration, a list of what has its own example, or free JSON
        said = schema.get("examples") or [
            {key: one["examples"][0] for key, one in properties.items() if "examples" in one}
        ]
        resolver = Draft202012Validator({"$ref": f"#/components/schemas/{name}", **document})
        assert said[0], name
        if "examples" in schema:
            resolver.validate(said[0])


@pytest.mark.parametrize("audience", openapi.AUDIENCES)
def test_an_operation_says_only_how_it_can_refuse(audience):
    for operations in openapi.document(audience)["paths"].values():
        for method, operation in operations.items():
            refused = set(operation["responses"])
            unsigned = operation.get("security") == []  # its address is the secret
            assert ({"500"} if unsigned else {"401", "500"}) <= refused
            assert ("415" in refused) is ("requestBody" in operation)
            if "429" in refused:
                assert "Retry-After" in operation["responses"]["429"]["headers"]
            assert method != "get" or "409" not in refused
