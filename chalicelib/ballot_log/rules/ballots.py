"""What a ballot may say, and what opened ballots add up to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.ballot_log.rules.canon import Json, commitment

ABSTAIN, INVALID = "ABSTAIN", "INVALID"
NUMBERS = range(1, 10)
ORDINARY = frozenset({1, 2, 3, 4, 5, 9})
DECISIONS = ("YES", "NO", ABSTAIN, INVALID)

Choice = Mapping[str, str | Sequence[str]]
"""What is said of each item: an option, or the candidates that one agrees to (none: abstains)."""

Sums = dict[str, dict[str, dict[str, int]]]
"""Per item and option, the area in 0.01 m² and the heads of those who chose it."""


@dataclass(frozen=True)
class Item:
    """A matter put to the owners; with `seats` it is an election among `candidates`."""

    item_id: str
    number: int
    candidates: tuple[str, ...] = ()
    seats: int = 0

    @property
    def options(self) -> tuple[str, ...]:
        """Return everything that a ballot can count towards, INVALID on paper only."""
        return (*self.candidates, ABSTAIN, INVALID) if self.seats else DECISIONS

    def as_json(self) -> dict[str, Json]:
        """Return the item as it stands in the frozen terms."""
        return {
            "id": self.item_id,
            "number": self.number,
            "candidates": list(self.candidates),
            "seats": self.seats,
        }


@dataclass(frozen=True)
class Opening:
    """What opens a sealed ballot: the entry it belongs to, the choice, the nonce in hex."""

    seq: int
    choice: Choice
    nonce: str

    def as_json(self) -> dict[str, Json]:
        """Return the opening as it is published."""
        return {"seq": self.seq, "choice": dict(self.choice), "nonce": self.nonce}

    def fits(self, commit: str) -> bool:
        """Return whether this opens that seal."""
        return commitment(dict(self.choice), bytes.fromhex(self.nonce)) == commit


def items_refusal(items: Sequence[Item]) -> str | None:
    """Return why these cannot be put together, or None.

    An election is an ordinary item (Civil Code 278): no fund is raised and nothing built by one.
    """
    if not items or len({item.item_id for item in items}) != len(items):
        return "vote_items"
    return next((code for item in items if (code := _item_refusal(item))), None)


def _item_refusal(item: Item) -> str | None:
    if not item.item_id or item.number not in NUMBERS:
        return "vote_item_number"
    names = set(item.candidates)
    if not item.seats:
        return "vote_candidates" if names else None
    fits = names and len(names) == len(item.candidates) and not names & {"", ABSTAIN, INVALID}
    return None if fits and item.seats > 0 and item.number in ORDINARY else "vote_candidates"


def choice_refusal(items: Iterable[Item], choice: Choice, *, on_paper: bool) -> str | None:
    """Return why a choice cannot be sealed, or None; each item is answered, no other is.

    Only two scrutineers call a mark invalid, and only on paper.
    """
    asked = {item.item_id: item for item in items}
    if set(choice) != set(asked):
        return "ballot_items"
    for item_id, said in choice.items():
        if said == INVALID and not on_paper:
            return "ballot_option_unknown"
        if code := _answer_refusal(asked[item_id], said):
            return code
    return None


def _answer_refusal(item: Item, said: str | Sequence[str]) -> str | None:
    if isinstance(said, str) or not item.seats:
        known = said == INVALID or (not item.seats and said in DECISIONS)
        return None if known else "ballot_option_unknown"
    if not set(said) <= set(item.candidates):
        return "ballot_option_unknown"
    if list(said) != sorted(set(said)):
        return "ballot_candidates_unsorted"
    return "ballot_too_many_candidates" if len(said) > item.seats else None


def tally(
    items: Iterable[Item],
    opened: Mapping[str, Choice],
    weights: Mapping[str, tuple[int, int]],
) -> Sums:
    """Return what the ballots add up to: `opened` has each group's last choice.

    `weights` has the roll's area and head of each group. Raises KeyError for a group off the
    roll or an option that no item has: `choice_refusal` keeps both out.
    """
    listed = list(items)
    sums: Sums = {
        item.item_id: {option: {"area": 0, "heads": 0} for option in item.options}
        for item in listed
    }
    for group, choice in opened.items():
        area, heads = weights[group]
        for item in listed:
            for option in _counted(choice[item.item_id]):
                total = sums[item.item_id][option]
                total["area"] += area
                total["heads"] += heads
    return sums


def _counted(said: str | Sequence[str]) -> Sequence[str]:
    return (said,) if isinstance(said, str) else said or (ABSTAIN,)
