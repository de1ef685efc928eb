from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core import clock, cursor, ids, keyring, money
from chalicelib.core.errors import BadRequest
from chalicelib.core.plugins import Registry
from chalicelib.core.schema import Asked, Text


def test_ids_of_one_prefix_sort_by_their_time():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = []
    for step in range(50):
        with clock.standing_at(start + timedelta(milliseconds=step)):
            made.append(ids.new_id("x"))
    assert made == sorted(made)
    assert len(set(made)) == 50


def test_a_seed_repeats_the_ids():
    def bits(count: int) -> int:
        return 7 % (1 << count)

    at = datetime(2026, 1, 1, tzinfo=UTC)
    with clock.standing_at(at), ids.drawing(bits):
        assert ids.new_id("x") == ids.new_id("x")


@given(st.text(), st.text())
def test_a_derived_id_depends_on_every_cause(one, other):
    assert ids.derived("a", one, other) == ids.derived("a", one, other)
    assert ids.derived("a", one, other) != ids.derived("b", one, other)
    assert ids.derived("a", one + "!", other) != ids.derived("a", one, other)


@pytest.mark.parametrize(
    ("yuan", "fen"), [("254.7045", 25470), ("125.125", 12513), ("0.005", 1), ("-0.005", -1)]
)
def test_yuan_become_fen_half_up(yuan, fen):
    assert money.fen(Decimal(yuan)) == fen


@pytest.mark.parametrize(
    ("fen", "yuan"), [(25470, "254.70"), (5, "0.05"), (-5, "-0.05"), (0, "0.00")]
)
def test_fen_are_shown_as_yuan(fen, yuan):
    assert money.yuan(fen) == yuan


def test_what_is_sealed_opens_only_in_its_context():
    sealed = keyring.seal(b"secret", "device/k1")
    assert keyring.unseal(sealed, "device/k1") == b"secret"
    with pytest.raises(InvalidTag):
        keyring.unseal(sealed, "device/k2")


def test_a_cursor_opens_only_for_its_own_list():
    last = {"community_id": {"S": "c"}, "device_id": {"S": "d"}}
    sealed = cursor.seal(last, listing="devices/c")
    assert sealed is not None
    assert cursor.unseal(sealed, listing="devices/c") == last
    for listing, given_cursor in [
        ("devices/d", sealed),
        ("devices/c", sealed[:-2] + "AA"),
        ("devices/c", "x"),
    ]:
        with pytest.raises(BadRequest, match="bad_cursor"):
            cursor.unseal(given_cursor, listing=listing)


def test_an_unnamed_plugin_does_not_exist():
    registry = Registry("chalicelib.devices.drivers", ("mqtt",))
    assert registry.load("mqtt").publish
    with pytest.raises(KeyError, match="iot_core"):
        registry.load("iot_core")


class _Said(Asked):
    text: Text


@pytest.mark.parametrize("trick", ["\x00", "\x1b[31m", "\u202e", "\u2066", "\ufeff", "\x85", "\r"])
def test_text_with_tricks_is_refused(trick):
    with pytest.raises(ValueError, match="control"):
        _Said(text=f"好{trick}人")


def test_ordinary_text_passes():
    assert _Said(text="电梯坏了，\n请来修 🙏").text
