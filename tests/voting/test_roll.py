"""Heads and areas: who is one head, by the table of LAW.md 1.2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.voting.rules import Holding, Parking, Unit, Weight, head_groups, roll_of


def unit(name, owners="", area=100, **kw):
    return Unit(name, area, frozenset(owners.split()), **kw)


def of_developer(name, holding, owners=""):
    return unit(name, owners, holding=holding, developer="dev")


def shape(units, **kw):
    return {group.units: group.area for group in head_groups(units, **kw)}


def test_one_part_is_one_head():
    groups = head_groups([unit("u1", "ann"), unit("u2", "bob", 50)])
    assert [(group.group, group.weight) for group in groups] == [
        ("u1", Weight(100, 1)),
        ("u2", Weight(50, 1)),
    ]
    assert roll_of(groups) == Weight(150, 2)


def test_one_buyer_of_many_parts_is_one_head_with_all_the_area():
    assert shape([unit("u3", "ann", 1), unit("u1", "ann", 2), unit("u2", "ann", 4)]) == {
        ("u1", "u2", "u3"): 7
    }


def test_co_owners_are_one_head():
    assert shape([unit("u1", "ann bob")]) == {("u1",): 100}
    assert shape([unit("u1", "ann bob"), unit("u2", "bob ann")]) == {("u1", "u2"): 200}


def test_another_set_of_owners_is_another_head():
    assert shape([unit("u1", "ann"), unit("u2", "ann bob")]) == {("u1",): 100, ("u2",): 100}


def test_the_developer_is_one_head_with_what_is_unsold_undelivered_and_kept():
    units = [
        of_developer("u1", Holding.UNSOLD),
        of_developer("u2", Holding.UNDELIVERED, "ann"),
        unit("u3", "dev"),
        unit("u4", "ann"),
        unit("u5", "bob", developer="dev"),  # delivered, not registered yet
    ]
    assert shape(units) == {("u1", "u2", "u3"): 300, ("u4",): 100, ("u5",): 100}


def test_a_developer_with_over_a_third_of_the_area_blocks_any_quorum():
    units = [unit(f"u{n}", f"p{n}", 100) for n in range(6)]
    units += [of_developer(f"v{n}", Holding.UNSOLD) for n in range(4)]
    groups = head_groups(units)
    roll, present = roll_of(groups), roll_of(g for g in groups if "dev" not in g.owners)
    assert 3 * present.area < 2 * roll.area
    assert 3 * present.heads >= 2 * roll.heads


def test_two_developers_are_two_heads():
    units = [unit(n, holding=Holding.UNSOLD, developer=n) for n in ("u1", "u2")]
    assert len(head_groups(units)) == 2


def test_a_company_is_one_head():
    assert shape([unit("u1", "company:acme"), unit("u2", "company:acme")]) == {("u1", "u2"): 200}


@pytest.mark.parametrize(
    ("parking", "expected"),
    [
        (Parking.INCLUDE, {("p1", "u1"): 112, ("p2",): 12}),
        (Parking.EXCLUDE, {("u1",): 100}),
    ],
)
def test_parking_counts_on_both_sides_or_on_none(parking, expected):
    units = [unit("u1", "ann"), unit("p1", "ann", 12, is_parking=True)]
    units += [unit("p2", "bob", 12, is_parking=True)]  # owns nothing but a car space
    assert shape(units, parking=parking) == expected


def test_the_national_rule_counts_parking():
    assert shape([unit("p1", "ann", is_parking=True)]) == {("p1",): 100}


def test_a_disputed_unit_votes_and_is_flagged():
    groups = head_groups([unit("u1", "ann", is_disputed=True), unit("u2", "bob")])
    assert [group.is_disputed for group in groups] == [True, False]


@pytest.mark.parametrize(
    ("units", "why"),
    [
        ([unit("u1", "ann"), unit("u1", "bob")], "occurs twice"),
        ([unit("u1", "ann"), unit("u1", "ann", is_parking=True)], "occurs twice"),
        ([unit("", "ann")], "no id"),
        ([unit("u1", "ann", 0)], "area"),
        ([unit("u1", "ann", -5)], "area"),
        ([unit("u1", "ann", 89.37)], "area"),
        ([unit("u1")], "nobody"),
        ([Unit("u1", 100, frozenset({"ann", ""}))], "nobody"),
        ([unit("u1", "ann", holding=Holding.UNDELIVERED)], "nobody"),
    ],
)
def test_bad_units_are_an_error(units, why):
    with pytest.raises(ValueError, match=why):
        head_groups(units)


@st.composite
def estates(draw):
    names = draw(st.sets(st.integers(0, 99), min_size=1, max_size=12))
    owners = st.frozensets(st.sampled_from("abc"), min_size=1, max_size=3)
    return [
        Unit(
            f"u{name:02}",
            draw(st.integers(1, 20_000)),
            draw(owners),
            draw(st.sampled_from(Holding)),
            draw(st.sampled_from(["dev", "a"])),
            is_parking=draw(st.booleans()),
        )
        for name in names
    ]


@given(estates(), st.data(), st.sampled_from(Parking))
def test_the_order_of_units_does_not_matter(units, data, parking):
    shuffled = data.draw(st.permutations(units))
    assert head_groups(shuffled, parking=parking) == head_groups(units, parking=parking)


@given(estates())
def test_every_unit_is_in_one_group_and_no_area_is_lost(units):
    groups = head_groups(units)
    assert sorted(name for group in groups for name in group.units) == sorted(
        one.unit for one in units
    )
    assert roll_of(groups) == Weight(sum(one.area for one in units), len(groups))
    assert len({group.owners for group in groups}) == len(groups)


@given(estates(), st.integers(1, 50))
def test_areas_scale_and_heads_do_not(units, times):
    larger = [Unit(**{**vars(one), "area": one.area * times}) for one in units]
    roll, scaled = roll_of(head_groups(units)), roll_of(head_groups(larger))
    assert scaled == Weight(roll.area * times, roll.heads)
