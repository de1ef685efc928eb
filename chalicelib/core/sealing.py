"""Personal fields at rest: a data key per person, sealed by the master key (envelope).

A field is AES-256-GCM under its person's own data key and bound to community, person and
field, so that it opens nowhere else. Destroying the data key makes every sealed field of
the person unreadable at once, in exports, logs and copies of other tables too
(crypto-shredding, PIPL 47, LAW.md P5). The keys' own table is backed up for 35 days: so long
a restore can bring a key back, and must be told the deletions again (docs/restoring.md).

Each opening reads the key's row: a process that remembered an open key would go on reading
what was deleted elsewhere. Only the step from sealed to open data key is remembered.
"""

import hashlib
import hmac
import re
import secrets
import unicodedata
from functools import lru_cache

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.core import clock, keyring
from chalicelib.core.errors import NotFound
from chalicelib.core.table import Row

KEY_BYTES = 32
REMEMBERED = 4_096
"""Opened data keys that a process keeps; each is of no use without its row."""


class PersonKey(Row):
    """A person's data key, sealed by the master key; without `sealed` it is destroyed."""

    class Meta:
        short = "person_keys"

    community_id = UnicodeAttribute(hash_key=True)
    person_id = UnicodeAttribute(range_key=True)
    sealed = BinaryAttribute(legacy_encoding=False, null=True)
    made_at = NumberAttribute()
    destroyed_at = NumberAttribute(null=True)


class Forgotten(NotFound):
    """The person's data key has been destroyed, or there never was one (404)."""


def new_key(community_id: str, person_id: str) -> PersonKey:
    """Return a new data key's row, to be committed with the first row that it seals.

    Its commit is a Conflict if the person has or had a key: a tombstone is never written
    over. Until then give it to `seal` as `key`.
    """
    sealed = keyring.seal(secrets.token_bytes(KEY_BYTES), _key_context(community_id, person_id))
    return PersonKey(
        community_id=community_id,
        person_id=person_id,
        sealed=sealed,
        made_at=clock.epoch_ms(clock.now()),
    )


def key_of(community_id: str, person_id: str) -> PersonKey:
    """Return a person's key row, for several fields at one read; raises Forgotten."""
    key = PersonKey.find(community_id, person_id)
    if key is None or not key.sealed:
        raise _forgotten()
    return key


def seal(
    community_id: str, person_id: str, field: str, text: str, *, key: PersonKey | None = None
) -> bytes:
    """Return a field's sealed text; `key` saves the read of the key's row.

    Raises Forgotten `person_forgotten` if the person has no key.
    """
    data_key = _opened(key or key_of(community_id, person_id), community_id, person_id)
    return keyring.seal_under(data_key, text.encode(), _context(community_id, person_id, field))


def open(  # noqa: A001 -- read as `sealing.open`, the reverse of `sealing.seal`
    community_id: str, person_id: str, field: str, sealed: bytes, *, key: PersonKey | None = None
) -> str:
    """Return a field's text; `key` saves the read of the key's row, and must be a fresh one.

    Raises Forgotten `person_forgotten` once the key is destroyed, and cryptography's
    InvalidTag for a value of another person, another field or altered bytes.
    """
    data_key = _opened(key or key_of(community_id, person_id), community_id, person_id)
    opened = keyring.unseal_under(data_key, sealed, _context(community_id, person_id, field))
    return opened.decode()


def destroyed(community_id: str, person_id: str) -> PersonKey:
    """Return the person's key row without its key, to be committed with what ends with it.

    Raises Forgotten if it is destroyed already or never was.
    """
    key = key_of(community_id, person_id)
    key.sealed, key.destroyed_at = None, clock.epoch_ms(clock.now())
    return key


def renewed(community_id: str, person_id: str) -> PersonKey:
    """Return the person's key row with a new data key, to be committed with what it is to open.

    Open what stays before: all that the old key sealed is unreadable with that commit.
    Raises Forgotten as `key_of`.
    """
    key = key_of(community_id, person_id)
    key.sealed = new_key(community_id, person_id).sealed
    key.made_at = clock.epoch_ms(clock.now())
    return key


def index(kind: str, text: str) -> str:
    """Return the blind index of a phone, plate or ID number: what equal values share.

    HMAC-SHA256 under a key of its own kind, in hex, over the normalised text; without the
    key it cannot be guessed back, short as the numbers are (LAW.md P5).
    """
    return hmac.digest(_index_key(kind), normal(kind, text).encode(), hashlib.sha256).hex()


def normal(kind: str, text: str) -> str:
    """Return the one spelling of a value: full-width forms, spaces and signs are taken out.

    A `phone` also loses the prefix of mainland China (+86, 0086).
    """
    plain = re.sub(r"[\s\-.·•()]", "", unicodedata.normalize("NFKC", text)).upper()
    return re.sub(r"^(\+|00)86", "", plain) if kind == "phone" else plain


@lru_cache(maxsize=16)
def _index_key(kind: str) -> bytes:
    return keyring.derived(f"blind-index/{kind}")


def _opened(key: PersonKey, community_id: str, person_id: str) -> bytes:
    if not key.sealed:
        raise _forgotten()
    return _unsealed(bytes(key.sealed), _key_context(community_id, person_id))


@lru_cache(maxsize=REMEMBERED)
def _unsealed(sealed: bytes, bound_to: str) -> bytes:
    return keyring.unseal(sealed, bound_to)


def _key_context(community_id: str, person_id: str) -> str:
    return f"person-key\x1f{community_id}\x1f{person_id}"


def _context(community_id: str, person_id: str, field: str) -> str:
    return f"person\x1f{community_id}\x1f{person_id}\x1f{field}"


def _forgotten() -> Forgotten:
    return Forgotten("person_forgotten", "该人员的个人信息已删除")
