"""Use cases of the notice: the roll is frozen, then everybody is told, then nothing changes."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from chalicelib.assemblies.public import procedure
from chalicelib.ballot_log.public import canon, export
from chalicelib.core import clock, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, Unprocessable
from chalicelib.voting.events import RollAsked, VoteNoticed
from chalicelib.voting.service import options, petitions, rolls, votes
from chalicelib.voting.service.rolls import RollView
from chalicelib.voting.service.votes import State, VoteView
from chalicelib.voting.tables.rolls import Roll, RollState
from chalicelib.voting.tables.votes import VoteRow

_BOUND = ("options", "filling", "term_years", "seats_in_all", "run_off_of", "before")
"""What the terms say of an election besides: each option with the hash of what was noticed."""

STALE_DAYS = 30
"""A roll that is older than this when the notice is given is frozen anew."""


def freeze_roll(caller: Caller, community_id: str | None, vote_id: str) -> RollView:
    """Ask for the roll of a draft to be frozen as the owners stand today.

    Raises NotFound `no_such_vote`, Unprocessable `vote_items_frozen`, Conflict
    `roll_under_way`.
    """
    vote = votes.convened(caller, community_id, vote_id)
    votes.require(procedure.change_refusal(vote.stands()))
    before = Roll.find(vote.community_id, vote_id)
    if before is not None and RollState(before.state) not in rolls.DONE:
        raise Conflict("roll_under_way", "名册正在生成，请稍候")
    roll = rolls.asked(vote.community_id, vote_id, vote.paths, vote.parking)
    shown = rolls.view(roll)
    outbox.commit(roll, events=(RollAsked(vote.community_id, vote_id),), answer=shown)
    return shown


def show_roll(caller: Caller, community_id: str | None, vote_id: str) -> RollView:
    """Show how far the roll of a vote is; raises NotFound `no_such_vote`."""
    vote = votes.in_sight(caller, community_id, vote_id)
    roll = Roll.find(vote.community_id, vote_id)
    return rolls.view(roll or rolls.asked(vote.community_id, vote_id, vote.paths, vote.parking))


def give_notice(caller: Caller, community_id: str | None, vote_id: str) -> VoteView:
    """Tell everybody of a vote, with its roll, today; from now nothing of it can be changed.

    The clock opens it. Raises NotFound `no_such_vote`, Unprocessable `vote_not_in_that_state`,
    `roll_not_frozen`, `roll_stale`, what `timetable_refusal` says of the days, and what
    `options.frozen` says of candidates and bids.
    """
    vote = votes.convened(caller, community_id, vote_id)
    votes.require(procedure.move_refusal(vote.stands(), State.NOTICED))
    roll = _frozen_roll(vote)
    at = clock.now()
    today = procedure.day_of(at)
    vote.record_on = roll.record_on
    vote.roll_published_on = vote.noticed_on = today.isoformat()
    if (today - vote.day("record_on")).days > STALE_DAYS:
        raise Unprocessable("roll_stale", "业主名册已超过30天，请重新生成")
    limits = votes.limits(vote)
    votes.require(procedure.timetable_refusal(_days(vote), limits))
    chosen = options.frozen(vote)
    _bind(vote, roll, limits)
    vote.state, vote.noticed_at = State.NOTICED.value, clock.epoch_ms(at)
    vote.wakes(int(vote.opens_at))
    noticed = VoteNoticed(
        vote.community_id,
        vote_id,
        vote.title,
        clock.from_epoch_ms(int(vote.opens_at)),
        clock.from_epoch_ms(int(vote.closes_at)),
        at,
    )
    shown = votes.view(vote)
    given = [outbox.Given(Roll, vote.community_id, vote_id, Roll.version == roll.version)]
    convened = petitions.convened_by(vote)
    outbox.commit(vote, *convened, *chosen, given=given, events=(noticed,), answer=shown)
    return shown


def _frozen_roll(vote: VoteRow) -> Roll:
    roll = Roll.find(vote.community_id, vote.vote_id)
    if roll is None or roll.state != RollState.FROZEN:
        raise Unprocessable("roll_not_frozen", "请先生成业主名册")
    if list(roll.paths) != list(vote.paths) or roll.parking != vote.parking:
        raise Unprocessable("roll_stale", "表决范围已变更，请重新生成业主名册")
    return roll


def _days(vote: VoteRow) -> procedure.Timetable:
    return procedure.Timetable(
        record_on=vote.day("record_on"),
        roll_published_on=vote.day("roll_published_on"),
        noticed_on=vote.day("noticed_on"),
        opens_on=vote.day("opens_on"),
        closes_on=vote.day("closes_on"),
    )


def _bind(vote: VoteRow, roll: Roll, limits: procedure.Periods) -> None:
    """Set the terms that the log is bound to: everything that is noticed, texts by their hash."""
    vote.roll_root = roll.root
    vote.roll_area, vote.roll_heads, vote.roll_units = roll.area, roll.heads, roll.units
    more: dict[str, canon.Json] = {
        "title": vote.title,
        "matters": [_matter(said) for said in vote.items],
        "legal_mode": vote.legal_mode,
        "clause": vote.clause or {},
        "parking": vote.parking,
        "paths": list(vote.paths),
        "record_on": vote.record_on or "",
        "noticed_on": vote.noticed_on or "",
        "opens_on": vote.opens_on,
        "closes_on": vote.closes_on,
        "named_allowed": int(vote.named_allowed),
        "proxy_cap": limits.proxy_cap,
        "periods": asdict(limits),
        "scrutineers": len(vote.scrutineers),
        "convened_by": vote.audience,
        "petition": vote.petition_id or "",
    }
    terms = export.Terms(
        vote.put(), vote.window(), vote.deeming, vote.invalid_participates, more
    ).as_json()
    vote.terms = terms
    vote.rules_hash = canon.rules_hash(terms)


def _matter(said: Mapping[str, Any]) -> dict[str, canon.Json]:
    digest = hashlib.sha256(said["text"].encode()).hexdigest()
    matter = {"id": said["id"], "title": said["title"], "text_sha256": digest}
    return {**matter, **{name: said[name] for name in _BOUND if name in said}}
