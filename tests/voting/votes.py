"""Made-up votes, held from the first ballot to the export by the domain's own rules."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from chalicelib.ballot_log.public import ballots, canon, chain, export
from chalicelib.ballot_log.rules.chain import Channel, Draft, Type, Window
from chalicelib.voting.rules import Deeming, HeadGroup, Unit, head_groups
from chalicelib.voting.service import counting

OPENS, CLOSES, PAPER_UNTIL = 1_000_000, 2_000_000, 2_100_000
FUND = ballots.Item("i1", 5)
REBUILD = ballots.Item("i2", 7)
COMMITTEE = ballots.Item("i3", 3, ("ann", "bob", "cai", "dan"), 3)
ITEMS = (FUND, REBUILD, COMMITTEE)


@dataclass
class Vote:
    """A vote as it goes: `cast` adds an entry if the rules allow it."""

    terms: export.Terms
    groups: list[HeadGroup]
    vote: str = "vote_1"
    entries: list[chain.Entry] = field(default_factory=list)
    openings: dict[int, ballots.Opening] = field(default_factory=dict)
    checkpoints: list[dict] = field(default_factory=list)
    delivered: list[str] = field(default_factory=list)

    def __post_init__(self):
        roll = counting.roll_lines(self.groups)
        rules_hash = canon.rules_hash(self.terms.as_json())
        self.head = chain.opened(self.vote, canon.roll_root(roll), rules_hash)

    def cast(self, kind, channel, group, choice, *, nonce, at):
        """Seal a choice into the log; return why not, or None."""
        standing = chain.standing(self.entries).get(group)
        draft = Draft(kind, group, channel, canon.commitment(choice, nonce))
        before = standing.type if standing else None
        code = chain.refusal(draft, before, self.terms.window, at)
        if code is None:
            entry, self.head = chain.appended(self.head, draft, at)
            self.entries.append(entry)
            if kind is not Type.VOID:
                self.openings[entry.seq] = ballots.Opening(entry.seq, choice, nonce.hex())
        return code

    def witness(self, at):
        point = chain.checkpoint(self.head, at)
        self.checkpoints.append({**point, "signature": "c2lnbmF0dXJl"})

    def count(self):
        return counting.counted(
            self.terms, self.groups, self.entries, self.openings, self.delivered
        )

    def export(self, level="NAMED"):
        """Return the published file's contents."""
        count = self.count()
        closed = export.Closed(
            self.vote,
            self.terms,
            counting.roll_lines(self.groups),
            self.entries,
            [{key: point[key] for key in point if key != "vote"} for point in self.checkpoints],
            self.delivered,
        )
        results = counting.results(self.terms, count)
        if level == "SEALED":
            return export.sealed(closed, count.totals, results)
        return export.named(closed, self.openings.values(), count.totals, results)


def held(
    seed: int, *, homes: int = 30, steps: int = 45, deeming: Deeming = Deeming.STRICT, **terms
) -> Vote:
    """Return a closed vote: random owners do random things, and what is refused is not done."""
    chance = Random(seed)
    window = Window(OPENS, CLOSES, PAPER_UNTIL)
    more = {"title": "使用专项维修资金更换电梯", "parking": "EXCLUDE"}
    made = Vote(
        export.Terms(ITEMS, window, deeming=str(deeming), more=more, **terms),
        head_groups(estate(chance, homes)),
    )
    lean, at = chance.choice([0.3, 0.6, 0.9]), OPENS
    for step in range(steps):
        at = min(PAPER_UNTIL - 1, at + chance.randrange(2 * (PAPER_UNTIL - OPENS) // steps))
        kind, group = chance.choice([*Type, Type.CAST, Type.CAST]), chance.choice(made.groups)
        channel = chance.choice(sorted(chain.CHANNELS[kind]))
        said = choice(chance, lean, on_paper=channel is Channel.PAPER)
        said = {"reason": "未经业主本人授权"} if kind is Type.VOID else said
        made.cast(kind, channel, group.group, said, nonce=chance.randbytes(32), at=at)
        if step % 10 == 0:
            made.witness(at)
    made.witness(PAPER_UNTIL)
    if deeming is not Deeming.STRICT:
        made.delivered = sorted(g.group for g in made.groups if chance.random() < 0.8)
    return made


def estate(chance: Random, homes: int) -> list[Unit]:
    owners = [f"owner-{number}" for number in range(homes)]
    return [
        Unit(
            f"{number // 4 + 1}-{number % 4 + 1:02}",
            chance.randint(4_000, 16_000),
            frozenset(chance.sample(owners, chance.choice([1, 1, 1, 2]))),
        )
        for number in range(homes)
    ]


def choice(chance: Random, lean: float, *, on_paper: bool) -> dict:
    """Return what a ballot says; on paper some marks cannot be read."""
    said: dict[str, Any] = {
        item.item_id: "YES" if chance.random() < lean else chance.choice(["NO", "ABSTAIN"])
        for item in (FUND, REBUILD)
    }
    most = COMMITTEE.seats
    marks = most if chance.random() < lean else chance.randint(0, most)
    said[COMMITTEE.item_id] = sorted(chance.sample(COMMITTEE.candidates, marks))
    if on_paper and chance.random() < 0.3:
        said[chance.choice(ITEMS).item_id] = "INVALID"
    return said
