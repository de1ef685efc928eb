"""An authority asks for people's data: case, document, officer; two releases; an end."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.core import clock, cursor, ids, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, Forbidden, NotFound, Refusal, Unprocessable
from chalicelib.core.retention import Kept, in_time, kept_until
from chalicelib.core.table import tenant_key
from chalicelib.identity.rules import disclosure as rules
from chalicelib.identity.rules.disclosure import DisclosureState, Listing, Verdict
from chalicelib.identity.rules.posts import SETTLES
from chalicelib.identity.service import organisation, posts, sight
from chalicelib.identity.service.disclosed import Disclosed, disclosed
from chalicelib.identity.service.sought import Sought, found
from chalicelib.identity.tables.audits import Disclosure

RELEASER = "security_admin"


@dataclass(frozen=True)
class Asked:
    """What an authority asks, with its case and document."""

    community_id: str
    sought: Sought
    fields: list[str]
    case_number: str
    document_number: str
    document_sha256: str
    officer_name: str
    officer_badge: str
    purpose: str
    hours: int
    secret_days: int = 0


@dataclass(frozen=True)
class DisclosureView:
    """A request, how far it has come, and the data once it is released to its asker.

    `ends_at`: until it is released, when it lapses; then, when reading ends.
    """

    disclosure_id: str
    community_id: str
    state: DisclosureState
    sought: str
    fields: list[str]
    case_number: str
    document_number: str
    document_sha256: str
    officer_name: str
    officer_badge: str
    purpose: str
    asked_by: str
    asked_at: datetime
    hours: int
    secret_days: int
    hidden_until: datetime | None
    ends_at: datetime
    released_by: list[str]
    refused_by: str | None
    disclosed: Disclosed | None = None


@dataclass(frozen=True)
class Disclosures:
    """One page of requests."""

    items: list[DisclosureView]
    next: str | None


REFUSALS: dict[str, tuple[type[Refusal], str]] = {
    "own_disclosure": (Forbidden, "申请人不能审批自己的调取申请"),
    "disclosure_settled": (Conflict, "该调取申请已办结或已过期"),
    "second_person_required": (Conflict, "须由另一名安全管理员复核"),
}
DUTY_TOO_NEW = "任职或重置账号未满72小时，暂不能审批调取申请"


def ask(caller: Caller, asked: Asked, *, at: datetime | None = None) -> DisclosureView:
    """Take down a request; nobody sees anything by it yet, nor learns whether there is anybody.

    Raises NotFound `no_such_community` (also for one out of the caller's sight),
    `no_such_person`, Unprocessable `one_subject`.
    """
    at = at or clock.now()
    community_id = sight.community_in_sight(caller, asked.community_id)
    sought, subject_ids = found(community_id, asked.sought)
    path = organisation.path_of(community_id)
    ends = at + timedelta(hours=rules.WAITS_HOURS)
    secret = at + timedelta(days=asked.secret_days) if asked.secret_days else None
    row = Disclosure(
        community_id=community_id,
        disclosure_id=ids.new_id("dis"),
        node_path=path,
        list_key=_list_key(path, waits=True),
        state=DisclosureState.ASKED.value,
        sought=sought,
        subject_ids=subject_ids,
        fields=sorted(set(asked.fields)),
        case_number=asked.case_number,
        document_number=asked.document_number,
        document_sha256=asked.document_sha256,
        officer_name=asked.officer_name,
        officer_badge=asked.officer_badge,
        purpose=asked.purpose,
        asked_by=caller.subject_id,
        asked_at=clock.epoch_ms(at),
        hours=asked.hours,
        secret_days=asked.secret_days,
        ends_at=clock.epoch_ms(ends),
        hidden_until=clock.epoch_ms(secret) if secret else None,
        expires=kept_until(Kept.SHARING, ends),
    )
    view = _view(row, at)
    outbox.commit(row, answer=view)
    return view


def listed(
    caller: Caller,
    listing: Listing,
    *,
    limit: int,
    after: str | None,
    at: datetime | None = None,
) -> Disclosures:
    """Return one page of the requests in the caller's subtree; one read.

    What waits comes in the order of its end, the rest the newest end first. Police see their
    own. What lies beside the subtree is left out of its page.
    """
    at = at or clock.now()
    now, waits = clock.epoch_ms(at), listing is Listing.WAITING
    key = _list_key(caller.node_path, waits=listing is not Listing.SETTLED)
    ends = {Listing.WAITING: Disclosure.ends_at > now, Listing.LAPSED: Disclosure.ends_at <= now}
    name = f"disclosures/{key}/{listing}/{caller.node_path}/{caller.subject_id}"
    rows, following = cursor.page(
        Disclosure.listed.query,
        key,
        ends.get(listing),
        filter_condition=Disclosure.expires > int(at.timestamp()),
        scan_index_forward=waits,
        listing=name,
        limit=limit,
        after=after,
    )
    items = [_view(row, at) for row in rows if _sees(caller, row)]
    return Disclosures(items, following)


def judge(
    caller: Caller,
    disclosure_id: str,
    verdict: Verdict,
    *,
    community_id: str,
    secret_days: int = 0,
    at: datetime | None = None,
) -> DisclosureView:
    """Release or refuse a request; two different people of the security duty release it.

    Each says for how many days it is kept from the subjects' own lists, as asked. Raises
    NotFound `no_such_disclosure`, Forbidden `own_disclosure`, `duty_too_new`, Unprocessable
    `secrecy_unconfirmed`, Conflict `disclosure_settled`, `second_person_required`,
    `lost_race`.
    """
    at = at or clock.now()
    row = _found(caller, community_id, disclosure_id, at)
    if reason := rules.refusal(_state(row, at), caller.subject_id, row.asked_by, row.released_by):
        kind, message = REFUSALS[reason]
        raise kind(reason, message)
    if verdict is Verdict.RELEASE:
        _require_releaser(caller, row, secret_days, at)
        row.released_by = [*row.released_by, caller.subject_id]
    else:
        row.refused_by = caller.subject_id
    after = rules.judged(verdict, row.released_by)
    row.state, row.list_key = after.value, _list_key(row.node_path, waits=after in rules.OPEN)
    if after is DisclosureState.RELEASED:
        ends = at + timedelta(hours=int(row.hours))
        row.ends_at, row.expires = clock.epoch_ms(ends), kept_until(Kept.SHARING, ends)
    view = _view(row, at)
    outbox.commit(row, answer=view)
    return view


def show(
    caller: Caller, disclosure_id: str, *, community_id: str, at: datetime | None = None
) -> DisclosureView:
    """Return a request; with the data if it is released, in time, and the caller's own.

    Each look at the data is on record before it goes out, as any other. Raises NotFound
    `no_such_disclosure`, TooMany `too_many_subjects`, Unavailable `audit_unavailable`.
    """
    at = at or clock.now()
    row = _found(caller, community_id, disclosure_id, at)
    readable = _state(row, at) is DisclosureState.RELEASED and row.asked_by == caller.subject_id
    return _view(row, at, disclosed(caller, row, at) if readable else None)


def _require_releaser(caller: Caller, row: Disclosure, secret_days: int, at: datetime) -> None:
    if posts.is_fresh(caller.subject_id, RELEASER, at, SETTLES):
        raise Forbidden("duty_too_new", DUTY_TOO_NEW)
    if secret_days != row.secret_days:
        wanted = {"secret_days": int(row.secret_days)}
        raise Unprocessable("secrecy_unconfirmed", "须确认对本人保密的天数", details=wanted)


def _found(caller: Caller, community_id: str, disclosure_id: str, at: datetime) -> Disclosure:
    try:
        row = Disclosure.find(sight.community_in_sight(caller, community_id), disclosure_id)
    except NotFound:
        row = None
    if row is None or not in_time(row.expires, at) or not _sees(caller, row):
        raise NotFound("no_such_disclosure", "没有找到该调取申请")
    return row


def _sees(caller: Caller, row: Disclosure) -> bool:
    """Return whether a request lies in the caller's sight: an asker's own, within the subtree."""
    own = row.asked_by == caller.subject_id or not caller.may("identity.ask_disclosure")
    return own and caller.sees(row.node_path)


def _list_key(node_path: str, *, waits: bool) -> str:
    return tenant_key(node_path.partition("/")[0], "waits" if waits else "settled")


def _state(row: Disclosure, at: datetime) -> DisclosureState:
    return rules.state_at(DisclosureState(row.state), row.ends_at, clock.epoch_ms(at))


def _view(row: Disclosure, at: datetime, shown: Disclosed | None = None) -> DisclosureView:
    return DisclosureView(
        disclosure_id=row.disclosure_id,
        community_id=row.community_id,
        state=_state(row, at),
        sought=row.sought,
        fields=list(row.fields),
        case_number=row.case_number,
        document_number=row.document_number,
        document_sha256=row.document_sha256,
        officer_name=row.officer_name,
        officer_badge=row.officer_badge,
        purpose=row.purpose,
        asked_by=row.asked_by,
        asked_at=clock.from_epoch_ms(int(row.asked_at)),
        hours=int(row.hours),
        secret_days=int(row.secret_days),
        hidden_until=clock.from_epoch_ms(int(row.hidden_until)) if row.hidden_until else None,
        ends_at=clock.from_epoch_ms(int(row.ends_at)),
        released_by=list(row.released_by),
        refused_by=row.refused_by,
        disclosed=shown,
    )
