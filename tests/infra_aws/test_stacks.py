"""CloudFormation's limits: each template well below them, so that a domain more still fits."""

import json

import pytest

MOST_RESOURCES, MOST_BYTES, MOST_OUTPUTS = 500, 1_000_000, 200


@pytest.mark.parametrize("name", ["Account", "Tables", "Queues", "Linli", "Apis"])
def test_a_template_is_deployable_with_room_to_grow(assembly, name):
    text = (assembly / f"{name}.template.json").read_bytes()
    template = json.loads(text)
    assert len(template["Resources"]) <= 0.9 * MOST_RESOURCES
    assert len(text) <= 0.9 * MOST_BYTES
    assert len(template.get("Outputs", {})) <= 0.9 * MOST_OUTPUTS
