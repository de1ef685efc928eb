"""Counting a closed vote: from its log to the result of each item, as it is published.

`tools/verify_vote.py` says the same from the export alone, and shares no line with this.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.ballot_log.public import ballots, canon, chain, export
from chalicelib.voting.rules import (
    NOTHING,
    Deeming,
    HeadGroup,
    Outcome,
    Returned,
    Weight,
    elect,
    roll_of,
    verdict,
)


@dataclass(frozen=True)
class Count:
    """What a log says: the whole roll, whose ballots stand, who was silent, and the totals.

    `silent` is who effectively received a ballot and has none standing (LAW.md 1.4).
    """

    roll: Weight
    cast: Weight
    silent: Weight
    totals: ballots.Sums


def roll_lines(groups: Sequence[HeadGroup]) -> list[dict[str, canon.Json]]:
    """Return the roll as it is published and hashed: rooms, areas, heads, and no names."""
    return [canon.roll_line(group.group, group.units, group.area) for group in groups]


def counted(
    terms: export.Terms,
    groups: Sequence[HeadGroup],
    entries: Sequence[chain.Entry],
    openings: Mapping[int, ballots.Opening],
    delivered: Collection[str] = (),
) -> Count:
    """Return what the standing ballots add up to; `openings` are by sequence number.

    Raises ValueError for an opening that is missing or fits no seal: nothing is counted then.
    """
    opened = {}
    for group, entry in chain.standing(entries).items():
        opening = openings.get(entry.seq)
        if opening is None or not opening.fits(entry.commit):
            raise ValueError(f"entry {entry.seq} is not opened")
        opened[group] = opening.choice
    weights = {group.group: (group.area, 1) for group in groups}
    quiet = set(delivered) - set(opened)
    return Count(
        roll_of(groups),
        roll_of(group for group in groups if group.group in opened),
        roll_of(group for group in groups if group.group in quiet),
        ballots.tally(terms.items, opened, weights),
    )


def results(terms: export.Terms, count: Count) -> list[dict[str, canon.Json]]:
    """Return each item's result as the bylaws deem it, and the strict one beside it."""
    return [
        {"item": item.item_id, "number": item.number, **_result(terms, item, count)}
        for item in terms.items
    ]


def _result(terms: export.Terms, item: ballots.Item, count: Count) -> dict[str, canon.Json]:
    sums = {option: Weight(**sums) for option, sums in count.totals[item.item_id].items()}
    invalid, deeming = sums[ballots.INVALID], Deeming(terms.deeming)
    if item.seats:
        valid = count.cast if terms.invalid_participates else _less(count.cast, invalid)
        joining = count.silent if deeming is Deeming.DELIVERED_PARTICIPATES else NOTHING
        return {
            "deemed": _election(item, sums, count.roll, valid + joining),
            "strict": _election(item, sums, count.roll, valid),
        }
    abstained = sums[ballots.ABSTAIN] + (invalid if terms.invalid_participates else NOTHING)
    returned = Returned(sums["YES"], sums["NO"], abstained)
    both = verdict(item.number, count.roll, returned, count.silent, deeming)
    return {"deemed": _decision(both.deemed), "strict": _decision(both.strict)}


def _decision(outcome: Outcome) -> dict[str, canon.Json]:
    return {
        "decision": outcome.decision,
        "took_part": _shown(outcome.took_part),
        "agreed": _shown(outcome.agreed),
    }


def _election(
    item: ballots.Item, sums: Mapping[str, Weight], roll: Weight, took_part: Weight
) -> dict[str, canon.Json]:
    """Return an election's result; the silent follow nobody, for there is no majority to join."""
    candidates = {name: sums[name] for name in item.candidates}
    result = elect(item.seats, candidates, roll, took_part)
    return {
        "status": result.status,
        "elected": list(result.elected),
        "run_off": list(result.run_off),
        "run_off_seats": result.run_off_seats,
        "vacant": result.vacant,
        "took_part": _shown(took_part),
    }


def _shown(weight: Weight) -> dict[str, canon.Json]:
    return {"area": weight.area, "heads": weight.heads}


def _less(whole: Weight, part: Weight) -> Weight:
    return Weight(whole.area - part.area, whole.heads - part.heads)
