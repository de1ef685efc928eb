"""Rows of credentials: who may pass by what, on which devices it is, and what shows it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Self

from pynamodb.attributes import (
    BinaryAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection

from chalicelib.core import clock
from chalicelib.core.table import PlainJson, Row, shards, tenant_key


class _ByUnit(GlobalSecondaryIndex["Credential"]):
    class Meta:
        index_name = "by_unit"
        projection = AllProjection()

    unit_key = UnicodeAttribute(hash_key=True)
    credential_id = UnicodeAttribute(range_key=True)


class _ById(GlobalSecondaryIndex["Credential"]):
    class Meta:
        index_name = "by_id"
        projection = KeysOnlyProjection()

    id_key = UnicodeAttribute(hash_key=True)


class _Over(GlobalSecondaryIndex["Credential"]):
    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class Credential(Row):
    """What one person passes by, for one flat of theirs; times are epoch ms, `expires` seconds.

    `path` is the flat's node path: the doors within whose node it lies are the doors that it
    opens (Reach). Of a card stand here the blind index of its number and the last four
    characters; of a face or fingerprint nothing but this row: the device has the rest
    (LAW.md P3). `secret` is the sealed 128-bit key of a QR code or phone, `pin_hash` the keyed
    HMAC of a PIN. `listed_at` and `unlisted_at` are versions of the estate's allow-list. One that
    has an end (`until`) is on the list of what is due (`shard`, `due_at`) until it is withdrawn.
    """

    class Meta:
        short = "credentials"
        ttl = "expires"

    person_key = UnicodeAttribute(hash_key=True)
    credential_id = UnicodeAttribute(range_key=True)
    community_id = UnicodeAttribute()
    person_id = UnicodeAttribute()
    unit_id = UnicodeAttribute()
    unit_key = UnicodeAttribute()
    id_key = UnicodeAttribute()
    path = UnicodeAttribute()
    kind = UnicodeAttribute()
    state = UnicodeAttribute()
    number_index = UnicodeAttribute(null=True)
    last4 = UnicodeAttribute(null=True)
    secret = BinaryAttribute(legacy_encoding=False, null=True)
    pin_hash = UnicodeAttribute(null=True)
    floors = ListAttribute[int](default=list)
    until = NumberAttribute(null=True)
    issued_at = NumberAttribute()
    issued_by = UnicodeAttribute()
    activated_at = NumberAttribute(null=True)
    withdrawn_at = NumberAttribute(null=True)
    withdrawn_by = UnicodeAttribute(null=True)
    why = UnicodeAttribute(null=True)
    completed_at = NumberAttribute(null=True)
    listed_at = NumberAttribute(null=True)
    unlisted_at = NumberAttribute(null=True)
    shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    expires = NumberAttribute(null=True)
    by_unit = _ByUnit()
    by_id = _ById()
    due = _Over()

    @property
    def is_completed(self) -> bool:
        """Return whether every device has given it up."""
        return bool(self.completed_at)

    def is_over(self, at: datetime) -> bool:
        """Return whether it had an end, and that is past."""
        return self.until is not None and int(self.until) <= clock.epoch_ms(at)

    @classmethod
    def overdue(cls, at: datetime, limit: int) -> Iterator[tuple[str, str]]:
        """Yield the keys of credentials whose end is past and that are not withdrawn."""
        for shard in shards("credential"):
            for row in cls.due.query(shard, cls.due_at <= clock.epoch_ms(at), limit=limit):
                yield row.person_key, row.credential_id

    @classmethod
    def of(cls, community_id: str, person_id: str, credential_id: str) -> Self | None:
        """Return a person's credential, or None; one consistent read."""
        return cls.find(tenant_key(community_id, person_id), credential_id)

    @classmethod
    def named(cls, community_id: str, credential_id: str) -> Self | None:
        """Return a credential by its id alone, or None: the index, then a consistent read."""
        found = cls.by_id.query(tenant_key(community_id, credential_id), limit=1)
        key = next(((row.person_key, row.credential_id) for row in found), None)
        return cls.find(*key) if key else None


class Mark(Row):
    """What a door may be shown, while it opens: one row, one read, gone with the credential.

    `mark_key` is `tenant_key(community, "card", number's blind index)` for a card, and
    `tenant_key(community, "holder", credential id)` for a QR code or phone. `entry` is the
    entry of the allow-list (`rules.allow_lists.Entry` as plain JSON), `path` the flat's node.
    The key itself makes sure that no two live credentials of an estate have one card number.
    """

    class Meta:
        short = "credential_marks"

    mark_key = UnicodeAttribute(hash_key=True)
    community_id = UnicodeAttribute()
    credential_id = UnicodeAttribute()
    person_id = UnicodeAttribute()
    unit_id = UnicodeAttribute()
    path = UnicodeAttribute()
    entry = PlainJson()


class _Waiting(GlobalSecondaryIndex["Enrolment"]):
    class Meta:
        index_name = "waiting"
        projection = AllProjection()

    waiting_key = UnicodeAttribute(hash_key=True)
    credential_id = UnicodeAttribute(range_key=True)


class _Due(GlobalSecondaryIndex["Enrolment"]):
    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class Enrolment(Row):
    """One credential on one device: what it was told, and its receipt (`enrolled_on`).

    For what is on a list, `list_version` is the version whose application is the receipt.
    While a receipt is awaited the row is on two lists: its device's (`waiting_key`) and that
    of what is due to be told again (`shard`, `due_at`).
    """

    class Meta:
        short = "enrolments"
        ttl = "expires"

    credential_key = UnicodeAttribute(hash_key=True)
    device_id = UnicodeAttribute(range_key=True)
    community_id = UnicodeAttribute()
    credential_id = UnicodeAttribute()
    person_id = UnicodeAttribute()
    kind = UnicodeAttribute()
    state = UnicodeAttribute()
    told_at = NumberAttribute()
    since = NumberAttribute()
    settled_at = NumberAttribute(null=True)
    tellings = NumberAttribute(default=0)
    list_version = NumberAttribute(null=True)
    reason = UnicodeAttribute(default="")
    overdue_at = NumberAttribute(null=True)
    waiting_key = UnicodeAttribute(null=True)
    shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    expires = NumberAttribute(null=True)
    waiting = _Waiting()
    due = _Due()

    @property
    def is_awaited(self) -> bool:
        """Return whether the device owes a receipt."""
        return bool(self.waiting_key)

    @property
    def is_listed(self) -> bool:
        """Return whether the receipt is that of a list."""
        return bool(self.list_version)

    @classmethod
    def of_credential(cls, community_id: str, credential_id: str) -> list[Self]:
        """Return a credential's rows, one per device; one consistent query."""
        key = tenant_key(community_id, credential_id)
        return [row for row in cls.query(key, consistent_read=True) if row.is_live()]

    @classmethod
    def awaited_of(cls, community_id: str, device_id: str) -> list[Self]:
        """Return what a device still owes a receipt for."""
        return list(cls.waiting.query(tenant_key(community_id, device_id)))  # type: ignore[arg-type]  # PynamoDB types the index by its name

    @classmethod
    def overdue(cls, at: datetime, limit: int) -> Iterator[tuple[str, str]]:
        """Yield the keys of what is to be told again, or asked for, by an instant."""
        for shard in shards("enrolment"):
            for row in cls.due.query(shard, cls.due_at < clock.epoch_ms(at), limit=limit):
                yield row.credential_key, row.device_id
