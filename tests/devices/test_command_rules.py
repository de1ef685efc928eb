"""Pure rules: what a command may say."""

from pathlib import Path

import pytest

from chalicelib.devices.rules.arguments import ARGUMENTS, faults
from chalicelib.devices.rules.catalogue import OPS

START = {"connector": 1, "session_id": "chs_1", "max_minutes": 60}


@pytest.mark.parametrize(
    ("op", "args"),
    [
        ("gate.open", {}),
        ("lift.hold", {"max_s": 1}),
        ("lift.hold", {"max_s": 120}),
        ("lift.call", {"floor": -2}),
        ("charger.start", START),
        ("speaker.say", {"text": "请把电动车推出电梯"}),
        ("speaker.say", {"text": "x", "volume": 0}),
        ("bin.open", {}),
    ],
)
def test_good_arguments(op, args):
    assert faults(op, args) == []


@pytest.mark.parametrize(
    ("op", "args", "named", "kind"),
    [
        ("gate.open", {"minutes": 5}, "minutes", "extra_forbidden"),
        ("lift.hold", {}, "max_s", "missing"),
        ("lift.hold", {"max_s": 121}, "max_s", "must_be_whole_1_to_120"),
        ("lift.hold", {"max_s": True}, "max_s", "must_be_whole_1_to_120"),
        ("lift.hold", {"max_s": 60.0}, "max_s", "must_be_whole_1_to_120"),
        ("lift.hold", {"max_s": "60"}, "max_s", "must_be_whole_1_to_120"),
        ("charger.start", START | {"session_id": "a b"}, "session_id", "must_be_id_1_to_64"),
        ("charger.start", START | {"session_id": ["a"]}, "session_id", "must_be_id_1_to_64"),
        ("speaker.say", {"text": ""}, "text", "must_be_text_1_to_200"),
        ("speaker.say", {"text": "x" * 201}, "text", "must_be_text_1_to_200"),
        ("speaker.say", {"text": "a\u202eb"}, "text", "must_be_text_1_to_200"),
        ("screen.show", {"text": "a\r\nb", "seconds": 5}, "text", "must_be_text_1_to_200"),
    ],
)
def test_each_bad_argument_is_named(op, args, named, kind):
    assert faults(op, args) == [{"loc": ["args", named], "type": kind}]


def test_only_commands_that_exist_have_arguments():
    assert set(ARGUMENTS) <= set(OPS)


def test_every_command_is_in_the_protocols_table_with_its_life_and_arguments():
    lines = Path("docs/device-protocol.md").read_text(encoding="utf-8").splitlines()
    told = {line.split("`")[1]: line for line in lines if line.startswith("| `")}
    for op in OPS.values():
        cells = told[op.name].split(" | ")
        assert cells[2] == f"{op.ttl.total_seconds():.0f} s", op.name
        named = {name for name in ARGUMENTS.get(op.name, {}) if f"`{name}`" in cells[3]}
        assert named == set(ARGUMENTS.get(op.name, {})), op.name
