"""Which addresses may be called: what is listed, in one writing only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.egress import refusal

LISTED = "10.20.0.0/24, 192.168.1.9:8080,127.0.0.1"


@pytest.mark.parametrize(
    ("host", "port"), [("10.20.0.7", 80), ("192.168.1.9", 8080), ("127.0.0.1", 80)]
)
def test_an_address_on_the_list(host, port):
    assert refusal(host, port, LISTED, "c") == ""


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("10.20.1.7", 80),
        ("10.20.0.7", 22),
        ("192.168.1.9", 80),
        ("169.254.169.254", 80),
        ("0.0.0.0", 80),  # noqa: S104 -- nobody listens, somebody tries
        ("224.0.0.1", 80),
        ("255.255.255.255", 80),
    ],
)
@pytest.mark.parametrize("more", ["", ",169.254.0.0/16,0.0.0.0/32,224.0.0.0/4,255.255.255.255"])
def test_an_address_off_the_list_and_what_no_list_can_allow(host, port, more):
    assert refusal(host, port, LISTED + more, "c") == "address_not_allowed"


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "2130706433",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "127.1",
        "::1",
        "door.heyuan",
        "",
        "127.0.0.1.nip.io",
        "10.20.0.7 ",
        "１０.20.0.7",
    ],
)
def test_what_is_not_four_decimal_numbers_is_no_address(host):
    assert refusal(host, 80, LISTED, "c") == "address_not_an_ip"


@given(st.text(), st.integers(min_value=1, max_value=65_535))
def test_nothing_but_the_list_is_ever_allowed(host, port):
    if refusal(host, port, LISTED, "c") == "":
        assert host in {"127.0.0.1", "192.168.1.9"} or host.startswith("10.20.0.")


def test_without_a_list_nothing_is_reached():
    assert refusal("127.0.0.1", 80, "", "c") == "address_not_allowed"


@pytest.mark.parametrize(
    ("host", "community", "refused"),
    [
        ("10.20.0.7", "com_a", ""),
        ("10.20.0.7", "com_b", ""),
        ("10.20.0.9", "com_a", ""),
        ("10.20.0.9", "com_b", "address_not_allowed"),
        ("10.30.0.9", "com_a", "address_not_allowed"),
        ("10.30.0.9", "com_b", ""),
        ("10.30.0.9", "", "address_not_allowed"),
        ("10.40.0.1", "com_a", ""),
        ("10.40.0.1", "com_b", ""),
        ("10.40.0.1", "com_c", "address_not_allowed"),
    ],
)
def test_an_address_of_one_estate_is_called_for_no_other(host, community, refused):
    listed = "10.20.0.0/24,com_a=10.20.0.9, com_b = 10.30.0.0/16 ,com_a=10.40.0.1,com_b=10.40.0.1"
    assert refusal(host, 80, listed, community) == refused
