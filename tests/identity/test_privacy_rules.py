from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.identity.rules import privacy as rules
from chalicelib.identity.rules.privacy import Sight

AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "text", "shown"),
    [
        ("phone", "13800001234", "138****1234"),
        ("phone", "0571888", "*******"),
        ("name", "张三", "张*"),
        ("name", "欧阳娜娜", "欧***"),
        ("name", "李", "李*"),
        ("id_number", "33010619900101123X", "33**************3X"),
        ("id_number", "12345", "*****"),
    ],
)
def test_the_middle_is_hidden(field, text, shown):
    assert rules.masked(field, text) == shown


@given(st.sampled_from(["phone", "id_number"]), st.text("0123456789X", max_size=30))
def test_a_mask_keeps_at_most_seven_characters(field, text):
    kept = [one for one in rules.masked(field, text) if one != "*"]
    assert len(kept) <= 7
    assert len(rules.masked(field, text)) == len(text)


@pytest.mark.parametrize(
    ("roles", "field", "how"),
    [
        (("property_manager",), "phone", Sight.MASKED),
        (("guard",), "name", Sight.MASKED),
        (("guard",), "phone", Sight.HIDDEN),
        (("guard", "property_clerk"), "name", Sight.FULL),
        (("committee_member",), "name", Sight.HIDDEN),
        (("resident", "unheard_of"), "units", Sight.HIDDEN),
        ((), "name", Sight.HIDDEN),
    ],
)
def test_a_role_sees_what_the_table_says_and_nothing_else(roles, field, how):
    assert rules.sight(roles, field) is how


def test_no_role_sees_a_number_in_the_clear():
    for fields in rules.SIGHT.values():
        assert {fields.get("phone"), fields.get("id_number")} <= {Sight.MASKED, None}


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        (datetime(2026, 3, 2, 1, tzinfo=UTC), "2026-03-23"),  # a Monday in China
        (datetime(2026, 3, 6, 17, tzinfo=UTC), "2026-03-27"),  # there it is Saturday already
        (datetime(2026, 3, 6, 15, tzinfo=UTC), "2026-03-27"),  # still Friday
    ],
)
def test_fifteen_working_days_of_china(asked, due):
    assert rules.due(asked).date().isoformat() == due
