"""What names people in passages, made unreadable at rest: indices, and sealed ids and details."""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from chalicelib.core import keyring, sealing
from chalicelib.core.sealing import PersonKey
from chalicelib.core.table import tenant_key
from chalicelib.passages.tables.passages import PassageRow


@dataclass(frozen=True)
class Details:
    """What is known of a passage beside where and when: flat, what was shown, plate."""

    unit_id: str = ""
    shown: str = ""
    plate: str = ""


def trail_key(community_id: str, person_id: str) -> str:
    """Return the blind index of a person's passages in a community."""
    return tenant_key(community_id, "t", _index("trail", community_id, person_id))


def mark_key(community_id: str, kind: str, shown: str) -> str:
    """Return the blind index of a card, a credential or a plate within one community.

    The same card in two communities has two: nobody follows it from one to the other.
    """
    return tenant_key(community_id, "m", _index(f"mark/{kind}", community_id, shown))


def _index(purpose: str, *parts: str) -> str:
    key = keyring.derived(f"passages/{purpose}")
    return hmac.digest(key, "\x1f".join(parts).encode(), hashlib.sha256).hex()[:32]


def close(row: PassageRow, person_id: str, details: Details) -> None:
    """Put into a passage whose it is, sealed; one read of the person's data key.

    Of somebody who was forgotten nothing is kept: then the passage is nobody's.
    """
    if person_id:
        try:
            key = sealing.key_of(row.community_id, person_id)
        except sealing.Forgotten:
            row.mark_key = None
            return
        row.said = sealing.seal(
            row.community_id, person_id, f"passage/{row.passage_id}", _text(details), key=key
        )
        row.who = keyring.seal(person_id.encode(), _bound(row.community_id, row.passage_id))
        row.trail_key = trail_key(row.community_id, person_id)
    elif any(asdict(details).values()):
        bound = _bound(row.community_id, row.passage_id)
        row.said = keyring.seal(_text(details).encode(), f"{bound}\x1fsaid")


def person_of(community_id: str, passage_id: str, who: bytes | None) -> str:
    """Return whose a passage is, empty if it is nobody's."""
    return keyring.unseal(bytes(who), _bound(community_id, passage_id)).decode() if who else ""


def details_of(rows: Iterable[PassageRow]) -> Mapping[str, Details]:
    """Return the details of passages by their ids; one read of up to 100 people's keys.

    Those of people who were forgotten are not among them.
    """
    known = list(rows)
    people = {
        (row.community_id, person)
        for row in known
        if (person := person_of(row.community_id, row.passage_id, row.who))
    }
    keys = {(key.community_id, key.person_id): key for key in PersonKey.batch_get(people)}
    opened = {row.passage_id: _opened(row, keys) for row in known}
    return {passage_id: details for passage_id, details in opened.items() if details is not None}


def _opened(row: PassageRow, keys: Mapping[tuple[str, str], PersonKey]) -> Details | None:
    person_id = person_of(row.community_id, row.passage_id, row.who)
    sealed: bytes | None = row.said
    if sealed is None:
        return Details()
    if not person_id:
        bound = f"{_bound(row.community_id, row.passage_id)}\x1fsaid"
        return Details(**json.loads(keyring.unseal(bytes(sealed), bound)))
    key = keys.get((row.community_id, person_id))
    if key is None or not key.sealed:
        return None
    field = f"passage/{row.passage_id}"
    said = sealing.open(row.community_id, person_id, field, bytes(sealed), key=key)
    return Details(**json.loads(said))


def _text(details: Details) -> str:
    return json.dumps({name: value for name, value in asdict(details).items() if value})


def _bound(community_id: str, passage_id: str) -> str:
    return f"passage\x1f{community_id}\x1f{passage_id}"
