"""Use cases of bylaws: what the street has on file of an estate's rules of procedure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime

from chalicelib.assemblies.public import procedure
from chalicelib.core import clock, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Unprocessable
from chalicelib.identity import public as identity
from chalicelib.voting.rules import Deeming
from chalicelib.voting.tables.bylaws import Bylaws

LEAST: Mapping[str, int] = {"notice": 7, "roll": 7, "objection": 1, "shortest_window": 1}
"""What no city goes below: seven days for a special meeting (Hangzhou), LAW.md 1.3."""


@dataclass(frozen=True)
class BylawsFiled:
    """What an estate's rules of procedure fix; `periods` are fields of `procedure.Periods`."""

    legal_mode: procedure.LegalMode = procedure.LegalMode.CONSULTATIVE
    periods: Mapping[str, int] = field(default_factory=dict)
    deeming: tuple[Deeming, ...] = ()
    clause: str = ""
    named_allowed: bool = False
    invalid_participates: bool = False
    convening_by: str = "HEADS"
    citation: str = ""


@dataclass(frozen=True)
class BylawsView:
    """What is on file of an estate, and the limits that follow from it."""

    community_id: str
    legal_mode: procedure.LegalMode
    legal_notice: str
    periods: dict[str, int]
    deeming: list[Deeming]
    clause: str
    named_allowed: bool
    invalid_participates: bool
    convening_by: str
    citation: str
    set_at: datetime | None


def file(caller: Caller, community_id: str | None, filed: BylawsFiled) -> BylawsView:
    """Put an estate's rules on file; votes that are noticed already keep theirs.

    Raises NotFound `no_such_community`, Unprocessable `bylaws_citation` for a limit that is
    not the default's without saying who set it, `bylaws_period` for one below any city's,
    `deeming_clause_missing`.
    """
    row = Bylaws.of(identity.estate_in_sight(caller, community_id))
    if filed.periods and not filed.citation:
        raise Unprocessable("bylaws_citation", "与默认期限不同的，须注明依据")
    if any(days < LEAST.get(name, 0) for name, days in filed.periods.items()):
        raise Unprocessable("bylaws_period", "期限短于任何地方规定，不能采用")
    if set(filed.deeming) - {Deeming.STRICT} and not filed.clause:
        raise Unprocessable("deeming_clause_missing", "采用视同规则须录入条款原文")
    row.legal_mode = filed.legal_mode.value
    row.periods = dict(filed.periods)
    row.deeming = [mode.value for mode in filed.deeming]
    row.clause, row.citation = filed.clause, filed.citation
    row.named_allowed, row.invalid_participates = filed.named_allowed, filed.invalid_participates
    row.convening_by = filed.convening_by
    row.set_by, row.set_at = caller.subject_id, clock.epoch_ms(clock.now())
    outbox.commit(row)
    return _view(row)


def show(caller: Caller, community_id: str | None) -> BylawsView:
    """Show what is on file of an estate in sight."""
    return _view(Bylaws.of(identity.estate_in_sight(caller, community_id)))


def _view(row: Bylaws) -> BylawsView:
    mode = procedure.LegalMode(row.legal_mode)
    limits = {name: days for name, days in asdict(row.limits()).items() if name != "citation"}
    return BylawsView(
        community_id=row.community_id,
        legal_mode=mode,
        legal_notice=procedure.SHOWN[mode],
        periods=limits,
        deeming=[Deeming(mode) for mode in row.deeming],
        clause=row.clause,
        named_allowed=row.named_allowed,
        invalid_participates=row.invalid_participates,
        convening_by=row.convening_by,
        citation=row.limits().citation,
        set_at=clock.from_epoch_ms(int(row.set_at)) if row.set_at else None,
    )
