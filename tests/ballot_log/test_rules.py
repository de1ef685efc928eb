"""The bytes of OV1: canonical JSON, the Merkle tree of RFC 6962, the chain and its two ends."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.ballot_log.rules import ballots, canon, chain, export
from chalicelib.ballot_log.rules.ballots import Item
from chalicelib.ballot_log.rules.chain import Channel, Draft, Type, Window

values = st.recursive(
    st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(values)
def test_canonical_bytes_say_the_same_and_only_so(value):
    made = canon.canon(value)
    assert json.loads(made) == value
    assert canon.canon(json.loads(made)) == made


def test_keys_are_sorted_text_is_utf8_and_nothing_is_spaced():
    assert canon.canon({"b": [1, "业主"], "a": -1}) == '{"a":-1,"b":[1,"业主"]}'.encode()


@pytest.mark.parametrize(
    "bad", [1.0, True, None, {"a": False}, [None], {1: "a"}, {"a": {"b": 0.5}}, b"x", "\ud800"]
)
def test_what_has_no_canonical_form_is_refused(bad):
    with pytest.raises(ValueError, match=r"canonical|text|surrogates"):
        canon.canon(bad)


LEAVES = [
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(len(ROOTS)))
def test_the_tree_has_the_roots_of_certificate_transparency(size):
    """Source: the test vectors of the reference implementation of RFC 6962."""
    leaves = [bytes.fromhex(leaf) for leaf in LEAVES[:size]]
    assert canon.merkle_root(leaves).hex() == ROOTS[size]


def recursive_root(leaves):
    """RFC 6962, 2.1, word by word."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    parts = recursive_root(leaves[:split]) + recursive_root(leaves[split:])
    return hashlib.sha256(b"\1" + parts).digest()


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=40))
def test_the_tree_is_that_of_the_rfc(leaves):
    assert canon.merkle_root(leaves) == recursive_root(leaves)


A, B = canon.roll_line("a", ["a", "a2"], 900), canon.roll_line("b", ["b"], 1)


@pytest.mark.parametrize(
    "roll", [[], [B, A], [A, A], [A, canon.roll_line("b", ["a2", "b"], 5)]], ids=repr
)
def test_a_roll_is_ordered_and_no_unit_is_in_two_groups(roll):
    with pytest.raises(ValueError, match="roll"):
        canon.roll_root(roll)


@pytest.mark.parametrize("line", [("", ["a"], 1), ("a", [], 1), ("a", ["a"], 0), ("a", ["a"], -1)])
def test_a_group_has_units_and_an_area(line):
    with pytest.raises(ValueError, match="needs units and an area"):
        canon.roll_line(*line)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_nonce_has_32_bytes(size):
    with pytest.raises(ValueError, match="32 bytes"):
        canon.commitment({"i1": "YES"}, b"n" * size)


def test_the_chain_is_what_the_document_says():
    """Recomputed by the formulas of LAW.md 1.7; the last line stands in docs/ballot-log.md."""
    nonce = bytes(range(32))
    commit = hashlib.sha256(b'OVC1|{"i1":"YES"}' + nonce).hexdigest()
    assert canon.commitment({"i1": "YES"}, nonce) == commit
    head = chain.opened("vote_1", "aa" * 32, "bb" * 32)
    text = f'{{"roll_root":"{"aa" * 32}","rules_hash":"{"bb" * 32}","vote":"vote_1"}}'
    h0 = hashlib.sha256(b"OV1|INIT|" + text.encode()).digest()
    assert head.hash == h0.hex()
    entry, head = chain.appended(head, Draft(Type.CAST, "a", Channel.ONLINE, commit), 1000)
    text = (
        f'{{"channel":"ONLINE","commit":"{commit}","group":"a","prev":"{h0.hex()}",'
        '"seq":1,"server_time":1000,"type":"CAST"}'
    )
    h1 = hashlib.sha256(b"\x02" + h0 + hashlib.sha256(text.encode()).digest()).digest()
    assert (entry.hash, head.hash, head.seq) == (h1.hex(), h1.hex(), 1)
    closing = hashlib.sha256(b"OV1|CLOSE|" + h1 + b"1").hexdigest()
    assert chain.closing_hash(head) == closing
    assert closing == "0202b4cd6bdb803abdf839e88d05f30f98ef77e725e35fd4bb12be0fe463d1d5"


def test_each_end_of_the_chain_binds():
    ends = {chain.opened(*bound).hash for bound in ("abc", "xbc", "axc", "abx")}
    assert len(ends) == 4
    head = chain.opened("v", "a", "b")
    longer = chain.Head("v", 1, head.hash)
    assert chain.closing_hash(head) != chain.closing_hash(longer)


def test_a_clock_that_is_behind_does_not_turn_time_back():
    head = chain.opened("v", "a", "b")
    first, head = chain.appended(head, Draft(Type.CAST, "a", Channel.ONLINE, "c1"), 2000)
    second, _ = chain.appended(head, Draft(Type.CAST, "b", Channel.ONLINE, "c2"), 1990)
    assert (first.server_time, second.server_time) == (2000, 2000)


def test_receipt_and_checkpoint_are_signed_apart():
    head = chain.opened("v", "a", "b")
    entry, head = chain.appended(head, Draft(Type.CAST, "a", Channel.ONLINE, "c1"), 5)
    receipt = chain.receipt("v", entry)
    assert receipt == {"vote": "v", "seq": 1, "hash": head.hash, "commit": "c1", "time": 5}
    assert chain.receipt_bytes(receipt).startswith(b'OV1|RECEIPT|{"commit":"c1",')
    point = chain.checkpoint(head, 9)
    assert chain.checkpoint_bytes(point).startswith(b'OV1|CHECKPOINT|{"hash":')
    assert len(head.hash[: chain.PRINTED]) == 16


WINDOW = Window(100, 200, 300)
ONLINE, PAPER, OFFICE = Channel
OWN = Type.CAST


@pytest.mark.parametrize(
    ("kind", "channel", "standing", "at", "code"),
    [
        (Type.CAST, ONLINE, None, 100, None),
        (Type.CAST, ONLINE, None, 99, "vote_not_open"),
        (Type.CAST, ONLINE, None, 199, None),
        (Type.CAST, ONLINE, None, 200, "vote_closed"),
        (Type.CAST, PAPER, None, 150, "ballot_channel"),
        (Type.CAST, ONLINE, OWN, 150, "ballot_already_cast"),
        (Type.CAST, ONLINE, Type.REPLACE, 150, "ballot_already_cast"),
        (Type.CAST, ONLINE, Type.PROXY, 150, None),
        (Type.CAST, ONLINE, Type.PAPER, 150, "ballot_paper_is_final"),
        (Type.REPLACE, ONLINE, OWN, 150, None),
        (Type.REPLACE, ONLINE, Type.REPLACE, 150, None),
        (Type.REPLACE, ONLINE, None, 150, "ballot_nothing_stands"),
        (Type.REPLACE, ONLINE, Type.PROXY, 150, "ballot_nothing_stands"),
        (Type.REPLACE, ONLINE, Type.PAPER, 150, "ballot_paper_is_final"),
        (Type.REPLACE, ONLINE, OWN, 200, "vote_closed"),
        (Type.PROXY, ONLINE, None, 150, None),
        (Type.PROXY, PAPER, Type.PROXY, 150, None),
        (Type.PROXY, ONLINE, OWN, 150, "ballot_own_stands"),
        (Type.PROXY, PAPER, Type.PAPER, 150, "ballot_paper_is_final"),
        (Type.PAPER, PAPER, OWN, 250, None),
        (Type.PAPER, PAPER, Type.PROXY, 250, None),
        (Type.PAPER, PAPER, None, 299, None),
        (Type.PAPER, PAPER, None, 300, "vote_closed"),
        (Type.PAPER, PAPER, Type.PAPER, 250, "ballot_paper_is_final"),
        (Type.PAPER, ONLINE, None, 150, "ballot_channel"),
        (Type.VOID, OFFICE, Type.PAPER, 250, None),
        (Type.VOID, OFFICE, None, 250, "ballot_nothing_stands"),
        (Type.VOID, ONLINE, OWN, 150, "ballot_channel"),
    ],
)
def test_what_may_follow_what(kind, channel, standing, at, code):
    assert chain.refusal(Draft(kind, "a", channel, "c"), standing, WINDOW, at) == code


def test_the_last_ballot_counts_unless_it_was_taken_out():
    head, entries = chain.opened("v", "a", "b"), []
    for kind, group in [
        ("CAST", "a"),
        ("PROXY", "b"),
        ("REPLACE", "a"),
        ("CAST", "b"),
        ("CAST", "c"),
        ("VOID", "c"),
    ]:
        channel = OFFICE if kind == "VOID" else ONLINE
        entry, head = chain.appended(head, Draft(Type(kind), group, channel, "c"), 5)
        entries.append(entry)
    standing = chain.standing(entries)
    assert {group: entry.seq for group, entry in standing.items()} == {"a": 3, "b": 4}


FUND, SEATS = Item("i1", 5), Item("i2", 3, ("ann", "bob", "cai"), 2)


@pytest.mark.parametrize(
    ("choice", "on_paper", "code"),
    [
        ({"i1": "YES", "i2": ["ann", "cai"]}, False, None),
        ({"i1": "ABSTAIN", "i2": []}, False, None),
        ({"i1": "INVALID", "i2": "INVALID"}, True, None),
        ({"i1": "INVALID", "i2": []}, False, "ballot_option_unknown"),
        ({"i1": "YES"}, False, "ballot_items"),
        ({"i1": "YES", "i2": [], "i3": "YES"}, False, "ballot_items"),
        ({"i1": "MAYBE", "i2": []}, False, "ballot_option_unknown"),
        ({"i1": ["YES"], "i2": []}, False, "ballot_option_unknown"),
        ({"i1": "YES", "i2": "ann"}, False, "ballot_option_unknown"),
        ({"i1": "YES", "i2": ["dan"]}, False, "ballot_option_unknown"),
        ({"i1": "YES", "i2": ["cai", "ann"]}, False, "ballot_candidates_unsorted"),
        ({"i1": "YES", "i2": ["ann", "ann"]}, False, "ballot_candidates_unsorted"),
        ({"i1": "YES", "i2": ["ann", "bob", "cai"]}, False, "ballot_too_many_candidates"),
    ],
)
def test_what_a_ballot_may_say(choice, on_paper, code):
    assert ballots.choice_refusal([FUND, SEATS], choice, on_paper=on_paper) == code


@pytest.mark.parametrize(
    ("items", "code"),
    [
        ([FUND, SEATS], None),
        ([], "vote_items"),
        ([FUND, FUND], "vote_items"),
        ([Item("", 5)], "vote_item_number"),
        ([Item("i", 0)], "vote_item_number"),
        ([Item("i", 10)], "vote_item_number"),
        ([Item("i", 3, ("ann",))], "vote_candidates"),
        ([Item("i", 3, (), 2)], "vote_candidates"),
        ([Item("i", 3, ("ann", "ann"), 2)], "vote_candidates"),
        ([Item("i", 3, ("INVALID",), 1)], "vote_candidates"),
        ([Item("i", 3, ("ann",), -1)], "vote_candidates"),
        ([Item("i", 6, ("ann",), 1)], "vote_candidates"),
    ],
)
def test_what_may_be_put(items, code):
    assert ballots.items_refusal(items) == code


def test_a_tally_weighs_each_group_once():
    opened = {"a": {"i1": "YES", "i2": ["ann", "bob"]}, "b": {"i1": "NO", "i2": []}}
    sums = ballots.tally([FUND, SEATS], opened, {"a": (900, 1), "b": (1, 1)})
    assert sums["i1"]["YES"] == {"area": 900, "heads": 1}
    assert sums["i2"]["ann"] == sums["i2"]["bob"] == {"area": 900, "heads": 1}
    assert sums["i2"]["ABSTAIN"] == {"area": 1, "heads": 1}
    assert sums["i1"]["INVALID"] == {"area": 0, "heads": 0}


def test_the_terms_bind_everything_that_was_noticed():
    terms = [
        export.Terms((FUND,), WINDOW),
        export.Terms((SEATS,), WINDOW),
        export.Terms((FUND,), Window(100, 200, 301)),
        export.Terms((FUND,), WINDOW, deeming="FOLLOW_MAJORITY"),
        export.Terms((FUND,), WINDOW, invalid_participates=True),
        export.Terms((FUND,), WINDOW, more={"title": "使用维修资金"}),
    ]
    assert len({canon.rules_hash(each.as_json()) for each in terms}) == len(terms)
