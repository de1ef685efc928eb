"""Use cases of withdrawing: dead at once where we are asked, and told to every device that has it.

A withdrawal is one transaction: the credential, its mark, its entry of the list, and what each
device is to be told. Then every device owes a receipt, and is asked until it gives it.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime

from chalicelib.access.events import CredentialWithdrawn, WithdrawalCompleted
from chalicelib.access.rules import credentials as rules
from chalicelib.access.rules.credentials import CredentialKind, CredentialState, OnDevice
from chalicelib.access.service import allow_lists, enrolments, pins
from chalicelib.access.service.biometrics import CONSENTS
from chalicelib.access.service.credential_rows import mark_key_of, view
from chalicelib.access.tables.allow_lists import DoorList
from chalicelib.access.tables.credentials import Credential, Enrolment, Mark
from chalicelib.core import clock, outbox, sweep
from chalicelib.core.errors import NotFound
from chalicelib.core.retention import Kept, kept_until
from chalicelib.core.table import Row, shard_of, tenant_key
from chalicelib.devices import public as devices
from chalicelib.identity.events import (
    AccountErased,
    ConsentWithdrawn,
    PersonForgotten,
    ResidencyEnded,
)

MOVED_OUT, CONSENT_WITHDRAWN, FORGOTTEN = "moved_out", "consent_withdrawn", "forgotten"
OVER = "over"


def withdraw(row: Credential, *, why: str, by: str, at: datetime, answered: bool = False) -> None:
    """Withdraw a credential for good, everywhere; one that is withdrawn stays as it is.

    `answered`: under an idempotency key, whose answer is the view. What showed it (a number's
    index, a secret, a PIN) is forgotten with it. Raises Conflict `lost_race`.
    """
    if row.state == CredentialState.WITHDRAWN:
        return
    if not rules.may_follow(CredentialState(row.state), CredentialState.WITHDRAWN):
        raise ValueError(f"no arrow from {row.state}")
    key = mark_key_of(row)
    mark = Mark.find(key) if key else None
    claim = pins.release(row.community_id, row.unit_id, row.credential_id) if row.pin_hash else None
    held = Enrolment.of_credential(row.community_id, row.credential_id)
    ends = kept_until(Kept.CREDENTIAL, at)
    for one in held:
        one.expires = ends
    told = [recalled(one, at) for one in held if OnDevice(one.state) in rules.WITHDRAWABLE]
    others = [one for one in held if one not in told]
    row.state, row.withdrawn_at, row.withdrawn_by = (
        CredentialState.WITHDRAWN.value,
        clock.epoch_ms(at),
        by,
    )
    row.why = why
    row.number_index = row.secret = row.pin_hash = row.shard = row.due_at = None
    row.expires = ends

    def stamped(version: int) -> None:
        row.unlisted_at = version

    shown = view(row, [*told, *others]) if answered else None
    rows: list[Row] = [row, *held, *([claim] if claim is not None else [])]
    allow_lists.commit(
        row.community_id,
        [allow_lists.Remove(row.credential_id, row.path)],
        *rows,
        events=(_withdrawn(row, at),),
        deletes=[mark] if mark is not None else [],
        answer=shown,
        stamped=stamped,
    )


def _withdrawn(row: Credential, at: datetime) -> CredentialWithdrawn:
    return CredentialWithdrawn(
        community_id=row.community_id,
        credential_id=row.credential_id,
        person_id=row.person_id,
        unit_id=row.unit_id,
        kind=row.kind,
        why=row.why or "",
        withdrawn_by=row.withdrawn_by or "",
        withdrawn_at=at,
    )


def recalled(row: Enrolment, at: datetime) -> Enrolment:
    """Return what a device has of a credential as it is to be taken back, at once."""
    row.state = OnDevice.WITHDRAW_SENT.value
    row.since = row.told_at = row.due_at = clock.epoch_ms(at)
    row.settled_at, row.tellings, row.reason = None, 0, ""
    row.waiting_key = tenant_key(row.community_id, row.device_id)
    row.shard = shard_of("enrolment", row.credential_id)
    return row


# -- what follows ------------------------------------------------------------------------------


def follow(event: CredentialWithdrawn) -> None:
    """See that every device gives up a withdrawn credential, and note who owes a receipt.

    Of what stands on a list, every door that may have fetched it owes the receipt of a newer
    one; of what is in devices, each that was ever asked to take it.
    """
    row = Credential.of(event.community_id, event.person_id, event.credential_id)
    if row is None or row.is_completed:
        return
    if CredentialKind(row.kind) not in rules.ON_DEVICE:
        for door in _may_hold(row):
            outbox.commit_once(_owed(row, door, event.withdrawn_at))
    for one in Enrolment.of_credential(row.community_id, row.credential_id):
        enrolments.pursue(one)
    complete(row.community_id, row.person_id, row.credential_id)


def _may_hold(row: Credential) -> list[DoorList]:
    """Return the doors in service that fetched a list with the credential on it.

    Those that reach its flat, and those that did before they were moved.
    """
    doors = devices.doors_at(row.community_id, [row.path])
    keys = {tenant_key(row.community_id, door.device_id) for door in doors}
    moved = [one for one in DoorList.holders(row.community_id, row.path) if _is_moved(one, keys)]
    held = DoorList.batch_get(list(keys), consistent_read=True) if keys else []
    return [one for one in (*held, *moved) if one.fetched >= (row.listed_at or 0)]


def _is_moved(door: DoorList, known: Collection[str]) -> bool:
    """Return whether a door beside the known ones is in service: what is retired owes nothing."""
    if door.door_key in known:
        return False
    try:
        devices.device_of(door.community_id, door.device_id)
    except NotFound:
        return False
    return True


def _owed(row: Credential, door: DoorList, since: datetime) -> Enrolment:
    at_ms = clock.epoch_ms(since)
    return Enrolment(
        credential_key=row.id_key,
        device_id=door.device_id,
        community_id=row.community_id,
        credential_id=row.credential_id,
        person_id=row.person_id,
        kind=row.kind,
        state=OnDevice.WITHDRAW_SENT.value,
        told_at=at_ms,
        since=at_ms,
        list_version=row.unlisted_at,
        waiting_key=door.door_key,
        shard=shard_of("enrolment", row.credential_id),
        due_at=at_ms,
        expires=row.expires,
    )


def complete(community_id: str, person_id: str, credential_id: str) -> None:
    """Note and announce, once, that every device has given a withdrawn credential up."""
    row = Credential.of(community_id, person_id, credential_id)
    if row is None or row.state != CredentialState.WITHDRAWN or row.is_completed:
        return
    held = Enrolment.of_credential(community_id, credential_id)
    if any(one.state != OnDevice.WITHDRAWN for one in held):
        return
    at = clock.now()
    row.completed_at = clock.epoch_ms(at)
    fact = WithdrawalCompleted(
        community_id=community_id,
        credential_id=credential_id,
        person_id=person_id,
        kind=row.kind,
        devices=len(held),
        withdrawn_at=clock.from_epoch_ms(int(row.withdrawn_at or 0)),
        completed_at=at,
    )
    outbox.commit(row, events=(fact,))


# -- why everything ends -----------------------------------------------------------------------


def expire_credentials(*, at: datetime | None = None, limit: int = 200) -> int:
    """Withdraw what was given until an instant that is past; return how many."""
    at = at or clock.now()
    return sweep.each(list(Credential.overdue(at, limit)), lambda key: _expire(key, at))


def _expire(key: tuple[str, str], at: datetime) -> bool:
    row = Credential.find(*key)
    if row is None or row.state == CredentialState.WITHDRAWN or not row.is_over(at):
        return False
    withdraw(row, why=OVER, by="", at=at)
    return True


def withdraw_at_home(event: ResidencyEnded) -> None:
    """Withdraw what a person has for a flat that they left; of a later stay nothing."""
    _withdraw_each(
        event.community_id,
        event.person_id,
        lambda row: row.unit_id == event.unit_id,
        why=MOVED_OUT,
        at=event.ended_at,
    )


def withdraw_faces(event: ConsentWithdrawn) -> None:
    """Withdraw the faces, or fingers, whose consent has ended; other ways in stay (LAW P3)."""
    kinds = {kind for kind, purpose in CONSENTS.items() if purpose == event.purpose}
    if kinds:
        _withdraw_each(
            event.community_id,
            event.person_id,
            lambda row: CredentialKind(row.kind) in kinds,
            why=CONSENT_WITHDRAWN,
            at=event.withdrawn_at,
        )


def withdraw_all(event: PersonForgotten) -> None:
    """Withdraw what a forgotten person has, and drop what their cards were told apart by."""
    everything: Iterable[Credential] = _withdraw_each(
        event.community_id,
        event.person_id,
        lambda _: True,
        why=FORGOTTEN,
        at=event.forgotten_at,
    )
    for row in everything:
        if row.last4 is not None:
            row.last4 = None
            outbox.commit(row)


def keep_what_homes_need(event: AccountErased) -> None:
    """Withdraw faces and fingers: what no contract needs (PIPL 47); cards open their home still."""
    _withdraw_each(
        event.community_id,
        event.person_id,
        lambda row: CredentialKind(row.kind) in rules.ON_DEVICE,
        why=FORGOTTEN,
        at=event.erased_at,
    )


def _withdraw_each(
    community_id: str,
    person_id: str,
    which: Callable[[Credential], bool],
    *,
    why: str,
    at: datetime,
) -> list[Credential]:
    """Withdraw what a person was given before an instant; return it, withdrawn before or now."""
    found = Credential.query(tenant_key(community_id, person_id), consistent_read=True)
    given = [row for row in found if which(row) and row.issued_at <= clock.epoch_ms(at)]
    for row in given:
        withdraw(row, why=why, by="", at=clock.now())
    return given
