"""Verdicts of the registry: who sees what, which key signs, what a sheet may say."""

import dataclasses

import pytest

from chalicelib.core.cells import Line
from chalicelib.core.paths import in_part, part_of
from chalicelib.devices.rules import registry as rules
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.rules.sheets import There, day_of, verdict

PATHS = {
    ("", "", ""): "county/estate",
    ("1号楼", "", ""): "county/estate/b1",
    ("1号楼", "1单元", ""): "county/estate/b1/e1",
    ("1号楼", "1单元", "101"): "county/estate/b1/e1/u101",
}
THERE = There(
    PATHS, {"dev_gw": "dev_gw", "GW 9": "dev_9"}, frozenset({"TAKEN1"}), frozenset({"east"})
)
GATE = {"kind": "人行门", "name": "东门"}


def judged(*lines, there=THERE):
    return verdict([Line(number, cells) for number, cells in enumerate(lines, 2)], there)


def codes(*lines):
    return [(one.line, one.column, one.code) for one in judged(*lines).problems]


def test_a_device_has_two_keys_at_the_most_and_one_at_the_least():
    assert rules.rotation_refusal({"k1": "x"}) is None
    assert rules.rotation_refusal({"k1": "x", "k2": "y"}) == "too_many_keys"
    assert rules.withdrawal_refusal({"k1": "x", "k2": "y"}, "k1") is None
    assert rules.withdrawal_refusal({"k2": "y"}, "k2") == "last_key"
    assert rules.withdrawal_refusal({"k2": "y"}, "k1") == "no_such_key"


def test_commands_are_signed_with_a_key_that_the_device_has():
    assert rules.signing_key_id(["k1", "k2"], None) == "k2"
    assert rules.signing_key_id(["k1", "k2"], "k1") == "k1"
    assert rules.signing_key_id(["k2"], "k1") == "k2"
    assert rules.signing_key_id([], "k1") is None


@pytest.mark.parametrize(
    ("path", "part", "seen"),
    [
        ("c/e/b1", "", True),
        ("", "", True),
        ("c/e/b1", "c/e/b1", True),
        ("c/e/b1/e1", "c/e/b1", True),
        ("c/e/b10", "c/e/b1", False),
        ("", "c/e/b1", False),
    ],
)
def test_a_part_is_of_whole_segments(path, part, seen):
    assert in_part(path, part) is seen


def test_who_is_appointed_to_the_estate_sees_all_of_it():
    assert part_of("c/s/estate", "estate") == ""
    assert part_of("", "estate") == ""
    assert part_of("c/s/estate/b1", "estate") == "c/s/estate/b1"


def test_a_label_fits_what_wechat_takes():
    assert rules.label_code("dev_" + "0" * 26) == "d:dev_" + "0" * 26
    with pytest.raises(ValueError, match="too long"):
        rules.label_code("x" * 31)


def test_a_good_sheet_is_planned():
    (gate, smoke, gateway) = judged(
        {**GATE, "place": "east"},
        {
            "kind": "smoke_sensor",
            "name": "烟感",
            "building": "１号楼",
            "entrance": "1单元",
            "room": "101",
            "gateway": " gw-1 ",
            "serial": "S 1",
            "warranty": "2028-06-30 00:00:00",
        },
        {"kind": "边缘网关", "name": "网关", "building": "1号楼", "serial": "GW-1"},
    ).devices
    assert (gate.kind, gate.place_id, gate.node_path) == (Kind.GATE, "east", "county/estate")
    assert (smoke.place_id, smoke.node_path) == ("u101", "county/estate/b1/e1/u101")
    assert (smoke.gateway_id, smoke.gateway_line) == ("", 4)
    assert (gateway.place_id, gateway.gateway_line) == ("b1", 0)
    assert judged({**GATE, "gateway": "GW 9"}).devices[0].gateway_id == "dev_9"


@pytest.mark.parametrize(
    ("changes", "column", "code"),
    [
        ({"kind": "飞机"}, "kind", "unknown_kind"),
        ({"kind": ""}, "kind", "missing"),
        ({"name": ""}, "name", "missing"),
        ({"name": "=cmd|' /C calc'!A0"}, "name", "formula"),
        ({"name": "门\u202e"}, "name", "bad_characters"),
        ({"name": "门" * 61}, "name", "too_long"),
        ({"place": "东门口"}, "place", "bad_place"),
        ({"place": "eats"}, "place", "unknown_place"),
        ({"place": "west", "new_place": "是"}, "place", "unknown_place"),  # taken, out of sight
        ({"place": "east", "new_place": "vielleicht"}, "new_place", "bad_flag"),
        ({"new_place": "是"}, "place", "missing"),
        ({"building": "9号楼"}, "building", "unknown_building"),
        ({"entrance": "1单元"}, "building", "missing"),
        ({"building": "1号楼", "entrance": "7单元"}, "entrance", "unknown_entrance"),
        ({"building": "1号楼", "entrance": "1单元", "room": "999"}, "room", "unknown_room"),
        ({"serial": "taken 1"}, "serial", "serial_taken"),
        ({"gateway": "nobody"}, "gateway", "unknown_gateway"),
        ({"serial": "A1", "gateway": "a1"}, "gateway", "own_gateway"),
        ({"kind": "gateway", "gateway": "gw1"}, "gateway", "gateway_behind_gateway"),
        ({"warranty": "2028-02-30"}, "warranty", "bad_date"),
        ({"warranty": "六月"}, "warranty", "bad_date"),
    ],
)
def test_a_bad_cell_has_a_code(changes, column, code):
    assert codes({**GATE, **changes}) == [(2, column, code)]


def test_every_bad_line_is_reported_and_one_serial_stands_once():
    found = codes({**GATE, "serial": "s1"}, {"kind": "?", "name": ""}, {**GATE, "serial": "S 1"})
    assert found == [
        (3, "kind", "unknown_kind"),
        (3, "name", "missing"),
        (4, "serial", "duplicate_serial"),
    ]


def test_a_line_that_lacks_a_cell_tells_its_other_faults_in_the_same_round():
    """Newcomer's trial 8: they came one round after the other."""
    found = codes({"kind": "?", "name": "=1", "place": "？", "gateway": "y", "warranty": "z"})
    assert [column for _, column, _ in found] == ["kind", "place", "gateway", "warranty", "name"]


def test_a_line_founds_a_place_for_all_of_its_sheet():
    lines = [{**GATE, "place": "west"}, {**GATE, "place": "west", "new_place": "YES"}]
    there = dataclasses.replace(THERE, free=frozenset({"west"}))
    assert [one.place_id for one in judged(*lines, there=there).devices] == ["west", "west"]


def test_a_line_with_several_faults_tells_them_all():
    found = codes({"kind": "?", "name": "x", "place": "？", "gateway": "y", "warranty": "z"})
    assert [column for _, column, _ in found] == ["kind", "place", "gateway", "warranty"]


def test_dates_as_spreadsheets_have_them():
    assert day_of("2028-06-30") == day_of("2028-06-30 00:00:00") == "2028-06-30"
    assert day_of("30.6.2028") == day_of("") == ""
