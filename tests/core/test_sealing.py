import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core import outbox, sealing
from chalicelib.core.errors import Conflict

PHONE = "13800001234"


@pytest.fixture
def person(cloud, community) -> tuple[str, str]:
    outbox.commit(sealing.new_key(community, "per_1"))
    return community, "per_1"


def test_a_field_comes_back_as_it_was_sealed(person: tuple[str, str]):
    sealed = sealing.seal(*person, "phone", PHONE)
    assert PHONE.encode() not in sealed
    assert sealing.open(*person, "phone", sealed) == PHONE
    assert sealing.seal(*person, "phone", PHONE) != sealed


def test_it_opens_for_no_other_field_or_person(person: tuple[str, str]):
    community, _ = person
    outbox.commit(sealing.new_key(community, "per_2"))
    sealed = sealing.seal(*person, "phone", PHONE)
    for other in (("per_1", "name"), ("per_2", "phone")):
        with pytest.raises(InvalidTag):
            sealing.open(community, *other, sealed)
    with pytest.raises(InvalidTag):
        sealing.open(*person, "phone", sealed[:-1] + bytes([sealed[-1] ^ 1]))


def test_what_is_sealed_before_the_commit_opens_after_it(cloud, community):
    key = sealing.new_key(community, "per_3")
    sealed = sealing.seal(community, "per_3", "name", "王芳", key=key)
    with pytest.raises(sealing.Forgotten, match="person_forgotten"):
        sealing.open(community, "per_3", "name", sealed)
    outbox.commit(key)
    assert sealing.open(community, "per_3", "name", sealed) == "王芳"


def test_a_key_row_moved_to_another_person_opens_nothing(person: tuple[str, str]):
    community, _ = person
    sealed, key = sealing.seal(*person, "phone", PHONE), sealing.key_of(*person)
    with pytest.raises(InvalidTag):
        sealing.open(community, "per_9", "phone", sealed, key=key)


def test_the_forgotten_stay_forgotten(person: tuple[str, str]):
    sealed = sealing.seal(*person, "phone", PHONE)
    outbox.commit(sealing.destroyed(*person))
    with pytest.raises(sealing.Forgotten):
        sealing.destroyed(*person)
    with pytest.raises(sealing.Forgotten):
        sealing.open(*person, "phone", sealed)
    with pytest.raises(sealing.Forgotten):
        sealing.seal(*person, "phone", PHONE)
    with pytest.raises(Conflict, match="lost_race"):
        outbox.commit(sealing.new_key(*person))


@pytest.mark.parametrize(
    ("kind", "spellings"),
    [
        (
            "phone",
            ["13800001234", "+86 138-0000-1234", "１３８００００１２３４", "008613800001234"],
        ),
        ("plate", ["浙A·12345", "浙a12345", "浙A 12345"]),
        ("id_number", ["33010619900101123X", "33010619900101123x"]),
    ],
)
def test_one_value_has_one_index_however_it_is_spelt(kind, spellings):
    assert len({sealing.index(kind, spelling) for spelling in spellings}) == 1


@given(st.text(min_size=1), st.text(min_size=1))
def test_other_values_and_other_kinds_have_other_indexes(one, other):
    same = sealing.normal("plate", one) == sealing.normal("plate", other)
    assert (sealing.index("plate", one) == sealing.index("plate", other)) is same
    assert sealing.index("plate", one) != sealing.index("phone", one)
