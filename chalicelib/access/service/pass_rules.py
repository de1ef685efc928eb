"""An estate's rule of visitors' passes: who must agree, and how passes are used."""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.access.rules.passes import Approval, Rule
from chalicelib.access.tables.passes import PassRule
from chalicelib.core import clock, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Forbidden


def of(community_id: str) -> Rule:
    """Return an estate's rule; one read."""
    return rule_of(PassRule.find(community_id))


def rule_of(row: PassRule | None) -> Rule:
    """Return the rule that an estate's row says; the usual one if it has none."""
    if row is None:
        return Rule()
    above = row.approval_above
    return Rule(
        approval=Approval(row.approval),
        approval_above=None if above is None else int(above),
        passback_s=int(row.passback_s),
        public_floors=_floors(row.public_floors),
    )


def set_rule(caller: Caller, rule: Rule, *, at: datetime | None = None) -> Rule:
    """Set the rule of the caller's estate; passes that are there keep the one they had.

    Raises Forbidden `not_permitted` for who is appointed to a part of the estate.
    """
    if not caller.has_whole_estate:
        raise Forbidden("not_permitted", "您没有权限进行此操作")
    row = PassRule.find(caller.community_id) or PassRule(community_id=caller.community_id)
    row.approval, row.approval_above = rule.approval.value, rule.approval_above
    row.passback_s, row.public_floors = rule.passback_s, sorted(set(rule.public_floors))
    row.changed_by, row.changed_at = caller.subject_id, clock.epoch_ms(at or clock.now())
    outbox.commit(row, answer=rule)
    return of(caller.community_id)


def _floors(kept: Sequence[int]) -> tuple[int, ...]:
    return tuple(int(floor) for floor in kept)
