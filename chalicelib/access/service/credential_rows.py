"""Credentials as rows: made from a wish, found by what is shown, seen by people."""

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime

from chalicelib.access.rules import credentials as rules
from chalicelib.access.rules.allow_lists import Entry
from chalicelib.access.rules.credentials import CredentialKind, CredentialState, OnDevice
from chalicelib.access.service import marks, pins
from chalicelib.access.tables.credentials import Credential, Enrolment, Mark
from chalicelib.core import clock, ids, keyring
from chalicelib.core.auth import Caller
from chalicelib.core.table import shard_of, tenant_key


@dataclass(frozen=True)
class Wish:
    """What somebody is to have; `doors` are where a face or finger is to be taken."""

    unit_id: str
    kind: CredentialKind
    person_id: str | None = None
    number: str = ""
    doors: tuple[str, ...] = ()
    floors: tuple[int, ...] = ()
    until: datetime | None = None


@dataclass(frozen=True)
class DeviceView:
    """A credential on one device: where it is there, since when."""

    device_id: str
    state: OnDevice
    at: datetime


@dataclass(frozen=True)
class CredentialView:
    """A credential as its owner or the company sees it; never what shows it."""

    credential_id: str
    person_id: str
    unit_id: str
    kind: CredentialKind
    state: CredentialState
    last4: str | None
    until: datetime | None
    issued_at: datetime
    withdrawn_at: datetime | None
    completed_at: datetime | None
    enrolled_on: list[DeviceView]


def made(
    caller: Caller, person_id: str, wish: Wish, number: str, *, path: str, at: datetime
) -> tuple[Credential, Entry]:
    """Return a new credential and its entry; `number` is a card's, normalised."""
    community_id, credential_id = caller.community_id, ids.new_id("cred")
    secret = secrets.token_bytes(rules.SECRET_BYTES) if wish.kind in rules.CODED else b""
    index = marks.card_index(community_id, number) if number else ""
    pin_hash = (
        _pin_hash(community_id, wish.unit_id, secret) if wish.kind is CredentialKind.PIN else ""
    )
    held = wish.kind in rules.ON_DEVICE
    row = Credential(
        person_key=tenant_key(community_id, person_id),
        credential_id=credential_id,
        community_id=community_id,
        person_id=person_id,
        unit_id=wish.unit_id,
        unit_key=tenant_key(community_id, wish.unit_id),
        id_key=tenant_key(community_id, credential_id),
        path=path,
        kind=wish.kind.value,
        state=(CredentialState.ISSUED if held else CredentialState.ACTIVE).value,
        number_index=index or None,
        last4=rules.last_four(number) or None,
        secret=keyring.seal(secret, f"credential/{credential_id}") if secret else None,
        pin_hash=pin_hash or None,
        floors=list(wish.floors),
        until=clock.epoch_ms(wish.until) if wish.until else None,
        shard=shard_of("credential", credential_id) if wish.until else None,
        due_at=clock.epoch_ms(wish.until) if wish.until else None,
        issued_at=clock.epoch_ms(at),
        issued_by=caller.subject_id,
        activated_at=None if held else clock.epoch_ms(at),
    )
    return row, _entry(row, wish.floors, secret)


def _entry(row: Credential, floors: tuple[int, ...], secret: bytes) -> Entry:
    return Entry(
        id=row.credential_id,
        kind=row.kind,
        unit=row.unit_id,
        card=row.number_index or "",
        qr_key="" if row.pin_hash else base64.b64encode(secret).decode(),
        pin_hash=row.pin_hash or "",
        end=int(row.until) if row.until else None,
        floors=floors,
    )


def _pin_hash(community_id: str, unit_id: str, secret: bytes) -> str:
    return pins.pin_hash(community_id, unit_id, pins.pin_of(secret))


def mark_of(row: Credential, entry: Entry) -> Mark | None:
    """Return the row by which what is shown finds the credential; a face is shown to no one."""
    key = mark_key_of(row)
    if key is None:
        return None
    return Mark(
        mark_key=key,
        community_id=row.community_id,
        credential_id=row.credential_id,
        person_id=row.person_id,
        unit_id=row.unit_id,
        path=row.path,
        entry=marks.sealed(row.community_id, entry),
    )


def mark_key_of(row: Credential) -> str | None:
    """Return the key of a credential's mark, None for one that has none."""
    if row.number_index:
        return marks.mark_key(row.community_id, "card", row.number_index)
    if row.pin_hash:
        return marks.mark_key(row.community_id, "pin", row.pin_hash)
    if row.secret:
        return marks.mark_key(row.community_id, "holder", row.credential_id)
    return None


def enrolment(row: Credential, device_id: str, at: datetime) -> Enrolment:
    """Return the row of a credential that a device is to take, due at once."""
    at_ms = clock.epoch_ms(at)
    return Enrolment(
        credential_key=row.id_key,
        device_id=device_id,
        community_id=row.community_id,
        credential_id=row.credential_id,
        person_id=row.person_id,
        kind=row.kind,
        state=OnDevice.ENROL_SENT.value,
        told_at=at_ms,
        since=at_ms,
        waiting_key=tenant_key(row.community_id, device_id),
        shard=shard_of("enrolment", row.credential_id),
        due_at=at_ms,
    )


def secret_of(row: Credential) -> bytes:
    """Return the secret that a code or PIN is made from; empty for what has none."""
    if not row.secret:
        return b""
    return keyring.unseal(bytes(row.secret), f"credential/{row.credential_id}")


def view(row: Credential, enrolments: list[Enrolment]) -> CredentialView:
    """Return a credential and where it is on each device."""
    return CredentialView(
        credential_id=row.credential_id,
        person_id=row.person_id,
        unit_id=row.unit_id,
        kind=CredentialKind(row.kind),
        state=CredentialState(row.state),
        last4=row.last4,
        until=clock.maybe_from_epoch_ms(row.until),
        issued_at=clock.from_epoch_ms(int(row.issued_at)),
        withdrawn_at=clock.maybe_from_epoch_ms(row.withdrawn_at),
        completed_at=clock.maybe_from_epoch_ms(row.completed_at),
        enrolled_on=[
            DeviceView(
                one.device_id,
                OnDevice(one.state),
                clock.from_epoch_ms(int(one.settled_at or one.since)),
            )
            for one in enrolments
        ],
    )
