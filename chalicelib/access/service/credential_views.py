"""Use cases of whoever looks at credentials, or takes them back: their owners, and the company."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chalicelib.access.rules import credentials as rules
from chalicelib.access.rules import qr
from chalicelib.access.rules.credentials import CredentialKind, CredentialState, OnDevice
from chalicelib.access.service import enrolments, pins, sight, withdrawals
from chalicelib.access.service.credential_rows import CredentialView, secret_of, view
from chalicelib.access.service.credentials import flat_path, no_such_unit
from chalicelib.access.tables.allow_lists import DoorList
from chalicelib.access.tables.credentials import Credential, Enrolment
from chalicelib.core import audit, clock, cursor
from chalicelib.core.auth import Caller
from chalicelib.core.errors import NotFound, Unprocessable
from chalicelib.core.table import tenant_key
from chalicelib.core.typed import adapter
from chalicelib.devices import public as devices
from chalicelib.identity import public as identity

BY_HAND = "confirmed_by_hand"


@dataclass(frozen=True)
class Credentials:
    """One page of credentials."""

    items: list[CredentialView]
    next: str | None = None


@dataclass(frozen=True)
class Shown:
    """What a phone makes the rotating code from (`token`), or the PIN; the owner's alone."""

    credential_id: str
    token: str | None
    pin: str | None


def own(caller: Caller, person_id: str | None) -> Credentials:
    """Return the caller's credentials, or a child's: live ones first, with their devices.

    Raises NotFound `no_such_person`.
    """
    subject = identity.spoken_for(caller, person_id)
    found = Credential.query(tenant_key(caller.community_id, subject), consistent_read=True)
    rows = sorted(
        (row for row in found if row.is_live()),
        key=lambda row: (row.state == CredentialState.WITHDRAWN, -row.issued_at),
    )
    return Credentials([view(row, _held(row)) for row in rows])


def code(caller: Caller, credential_id: str) -> Shown:
    """Return what the owner shows at a door; raises NotFound `no_such_credential`."""
    row = _own(caller, credential_id)
    secret = secret_of(row)
    if not secret or row.state == CredentialState.WITHDRAWN:
        raise no_such_credential()
    if row.kind == CredentialKind.PIN:
        return Shown(credential_id, None, pins.pin_of(secret))
    return Shown(credential_id, qr.token(credential_id, secret), None)


def withdraw_own(caller: Caller, credential_id: str) -> CredentialView:
    """Withdraw one's own credential, or a child's; a second time changes nothing."""
    row = _own(caller, credential_id)
    withdrawals.withdraw(row, why="by_owner", by=caller.subject_id, at=clock.now(), answered=True)
    return view(row, _held(row))


def at_unit(
    caller: Caller, unit_id: str, *, purpose: str, ticket: str, limit: int, after: str | None
) -> Credentials:
    """Return one page of a flat's credentials, for the company: each look goes on record.

    A child's under 14 are a manager's to see. Raises NotFound `no_such_unit`, Forbidden
    `ticket_required`, TooMany `too_many_subjects`.
    """
    if not sight.sees(caller, flat_path(caller.community_id, unit_id)):
        raise no_such_unit()
    rows, following = cursor.page(
        Credential.by_unit.query,
        tenant_key(caller.community_id, unit_id),
        listing=f"credentials/{caller.community_id}/{unit_id}",
        limit=limit,
        after=after,
    )
    rows = [row for row in rows if row.is_live()]
    people = identity.names_for(caller, sorted({row.person_id for row in rows}))
    fields = ("credentials",)
    looks = [audit.Look(caller.community_id, person, purpose, ticket, fields) for person in people]
    seen = audit.viewing_all(caller, looks)
    shown = {look.subject_id for look, view_id in zip(looks, seen, strict=True) if view_id}
    return Credentials([view(row, _held(row)) for row in rows if row.person_id in shown], following)


def receipts(caller: Caller, credential_id: str) -> CredentialView:
    """Return where a credential is on each device, for the company: doors by their lists, too.

    Raises NotFound `no_such_credential`.
    """
    row = _seen(caller, credential_id)
    held = _held(row)
    if row.state == CredentialState.WITHDRAWN or CredentialKind(row.kind) in rules.ON_DEVICE:
        return view(row, held)
    return view(row, [_listed(row, door) for door in _lists(row)])


def withdraw(caller: Caller, credential_id: str, why: str) -> CredentialView:
    """Withdraw a credential of a flat in the caller's part of the estate, for the company."""
    row = _seen(caller, credential_id)
    withdrawals.withdraw(row, why=why, by=caller.subject_id, at=clock.now(), answered=True)
    return view(row, _held(row))


def confirm(caller: Caller, credential_id: str, device_id: str, why: str) -> CredentialView:
    """Take a person's word that a credential is gone from a device that cannot say so itself.

    Raises NotFound `no_such_credential`, Unprocessable `nothing_awaited`.
    """
    row = _seen(caller, credential_id)
    held = Enrolment.find(row.id_key, device_id)
    if held is None or held.state != OnDevice.WITHDRAW_SENT:
        raise Unprocessable("nothing_awaited", "该设备没有待确认的停用")
    enrolments.settle(held, OnDevice.WITHDRAWN, f"{BY_HAND} {caller.subject_id}: {why}")
    withdrawals.complete(row.community_id, row.person_id, row.credential_id)
    return view(_seen(caller, credential_id), _held(row))


def _held(row: Credential) -> list[Enrolment]:
    return Enrolment.of_credential(row.community_id, row.credential_id)


def _lists(row: Credential) -> list[DoorList]:
    doors = devices.doors_at(row.community_id, [row.path])
    keys = [tenant_key(row.community_id, door.device_id) for door in doors]
    return list(DoorList.batch_get(keys, consistent_read=True)) if keys else []


def _listed(row: Credential, door: DoorList) -> Enrolment:
    """Return where a credential is on a door's list; nothing is written."""
    has = door.applied >= (row.listed_at or 0)
    return Enrolment(
        credential_key=row.id_key,
        device_id=door.device_id,
        state=(OnDevice.ENROLLED if has else OnDevice.ENROL_SENT).value,
        since=(door.applied_at if has else None) or row.issued_at,
    )


def _own(caller: Caller, credential_id: str) -> Credential:
    row = Credential.named(caller.community_id, credential_id)
    if row is None:
        raise no_such_credential()
    try:
        identity.spoken_for(caller, row.person_id)
    except NotFound:
        raise no_such_credential() from None
    return row


def _seen(caller: Caller, credential_id: str) -> Credential:
    row = Credential.named(caller.community_id, credential_id)
    if row is None or not sight.sees(caller, row.path):
        raise no_such_credential()
    return row


def no_such_credential() -> NotFound:
    """Return the refusal for a credential that is not there for the caller."""
    return NotFound("no_such_credential", "没有找到该凭证")


def held_of(community_id: str, person_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a person's credentials, for their export: what and where, never what shows it."""
    for row in Credential.query(tenant_key(community_id, person_id)):
        if row.is_live():
            said = view(row, _held(row))
            yield "credentials", adapter(CredentialView).dump_python(said, mode="json")
