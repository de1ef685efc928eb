import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.vehicles.rules.plates import (
    CONFUSED,
    FORMS,
    Form,
    masked,
    near,
    normalise,
    skeleton,
)

PLACES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
LETTERS = "".join(set(string.ascii_uppercase) - set("IO"))


@pytest.mark.parametrize(
    ("said", "text", "form"),
    [
        ("粤B12345", "粤B12345", Form.ORDINARY),
        ("粤b·12345", "粤B12345", Form.ORDINARY),
        (" 粤 B 1 2 3 4 5 ", "粤B12345", Form.ORDINARY),
        ("粤Ｂ１２３４５", "粤B12345", Form.ORDINARY),
        ("浙A8Q9W7", "浙A8Q9W7", Form.ORDINARY),
        ("粤BD12345", "粤BD12345", Form.NEW_ENERGY_SMALL),
        ("沪AF1234".replace("1234", "12345"), "沪AF12345", Form.NEW_ENERGY_SMALL),
        ("粤B12345D", "粤B12345D", Form.NEW_ENERGY_LARGE),
        ("粤Z1234港", "粤Z1234港", Form.HONG_KONG_MACAO),
        ("粤ZF012澳", "粤ZF012澳", Form.HONG_KONG_MACAO),
        ("京A1234警", "京A1234警", Form.POLICE),
        ("京A1234学", "京A1234学", Form.LEARNER),
        ("京A1234挂", "京A1234挂", Form.TRAILER),
        ("沪A0023领", "沪A0023领", Form.CONSULAR),
        ("使014578", "使014578", Form.EMBASSY),
        ("224578使", "224578使", Form.EMBASSY),
        ("京X1234应急", "京X1234应急", Form.RESCUE),
        ("VA12345", "VA12345", Form.MILITARY),
        ("WJ京12345", "WJ京12345", Form.ARMED_POLICE),
        ("WJ·12345", "WJ12345", Form.ARMED_POLICE),
    ],
)
def test_each_form_has_one_spelling(said, text, form):
    plate = normalise(said)
    assert plate is not None
    assert (plate.text, plate.form) == (text, form)
    assert normalise(plate.text) == plate


@pytest.mark.parametrize(
    "said",
    [
        "", "unread", "粤B1234", "粤B123456", "粤BO1234", "粤B1I345", "粤I12345", "月B12345",
        "粤B1234警1", "粤Z12345港", "粤B12345港", "京X123应急", "粤BABCDE",
        "粤B" + "1" * 198, "粤B12345\n粤B12345", "１" * 33,
    ],
)  # fmt: skip
def test_what_is_no_plate_is_none(said):
    assert normalise(said) is None


@given(st.text(max_size=300))
def test_anything_typed_is_answered_and_spelt_once(said):
    plate = normalise(said)
    assert plate is None or (
        normalise(plate.text) == plate and FORMS[plate.form].fullmatch(plate.text)
    )


plates = st.builds(
    lambda place, letter, serial, digit: f"{place}{letter}{serial}{digit}",
    st.sampled_from(PLACES),
    st.sampled_from(sorted(LETTERS)),
    st.text(sorted(LETTERS + string.digits), min_size=4, max_size=4),
    st.sampled_from(string.digits),
)


@given(plates, st.data())
def test_spelling_never_changes_a_plate(text, data):
    signs = st.sampled_from(["", " ", "·", ".", "-", "•"])
    said = "".join(char + data.draw(signs) for char in text)
    said = data.draw(st.sampled_from([said.lower(), said, said.translate(WIDE)]))
    plate = normalise(said[:32])
    assert len(said) > 32 or (plate is not None and plate.text == text)


WIDE = {ord(char): ord(char) + 0xFEE0 for char in string.ascii_uppercase + string.digits}


@given(plates, st.data())
def test_near_means_what_cameras_confuse_and_nothing_else(text, data):
    place = data.draw(st.integers(2, len(text) - 1))
    swapped = data.draw(st.sampled_from(sorted(LETTERS + string.digits)))
    other = text[:place] + swapped + text[place + 1 :]
    confused = any({text[place], swapped} <= set(group) for group in CONFUSED)
    assert near(text, other) == (confused and other != text)
    assert near(other, text) == near(text, other)
    assert not near(text, text)


def test_each_character_is_confused_within_one_group():
    chars = "".join(CONFUSED)
    assert len(set(chars)) == len(chars)
    assert all(skeleton(group) == group[0] * len(group) for group in CONFUSED)


@given(plates)
def test_a_masked_plate_shows_less_than_half_of_its_serial(text):
    assert masked(text) == f"{text[:2]}***{text[-2:]}"
