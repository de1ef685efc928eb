"""CloudFormation's limits: each template well below them, so that a domain more still fits."""

import json

MOST_RESOURCES, MOST_BYTES, MOST_OUTPUTS = 500, 1_000_000, 200


def test_a_template_is_deployable_with_room_to_grow(assembly):
    templates = list(assembly.glob("*.template.json"))
    assert len(templates) > 4
    for path in templates:
        text = path.read_bytes()
        template = json.loads(text)
        assert len(template["Resources"]) <= 0.9 * MOST_RESOURCES, path.name
        assert len(text) <= 0.9 * MOST_BYTES, path.name
        assert len(template.get("Outputs", {})) <= 0.9 * MOST_OUTPUTS, path.name
