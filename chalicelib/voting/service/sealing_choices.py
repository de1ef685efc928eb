"""Choices under seal: each vote has a data key, and nobody opens a choice before the count."""

import json
import secrets
from functools import lru_cache
from typing import Any

from chalicelib.ballot_log.public import ballots
from chalicelib.core import keyring
from chalicelib.voting.tables.ballots import BallotRow
from chalicelib.voting.tables.log import CLOSED, LogHead

KEY_BYTES = 32
REMEMBERED = 64
"""Votes whose opened keys a process keeps; each is of no use without its ballots."""


def new_key(vote_key: str) -> bytes:
    """Return a vote's new data key, sealed by the master key."""
    return keyring.seal(secrets.token_bytes(KEY_BYTES), _key_context(vote_key))


def sealed(head: LogHead, group: str, commit: str, choice: ballots.Choice, nonce: str) -> bytes:
    """Return a ballot's opening, sealed for this group and this commitment alone."""
    text = json.dumps({"choice": dict(choice), "nonce": nonce}, ensure_ascii=False)
    return keyring.seal_under(_key(head), text.encode(), _context(head, group, commit))


def sealed_note(head: LogHead, group: str, note: str) -> bytes:
    """Return what scrutineers wrote down of a paper ballot, sealed until it is registered."""
    return keyring.seal_under(_key(head), note.encode(), _context(head, group, "note"))


def noted(head: LogHead, group: str, sealed_: bytes) -> str:
    """Return a scrutineer's note of a paper ballot: compared, never shown."""
    return keyring.unseal_under(_key(head), sealed_, _context(head, group, "note")).decode()


def opened(head: LogHead, ballot: BallotRow) -> ballots.Opening:
    """Return what a ballot says; the log must be closed (LAW.md 1.7.6).

    Raises cryptography's InvalidTag for a ballot that was moved or altered.
    """
    assert head.status == CLOSED, "choices are sealed until the close"
    context = _context(head, ballot.group, ballot.commit)
    text = keyring.unseal_under(_key(head), bytes(ballot.sealed), context)
    said: dict[str, Any] = json.loads(text)
    return ballots.Opening(int(ballot.seq), said["choice"], said["nonce"])


def _key(head: LogHead) -> bytes:
    return _unsealed(bytes(head.sealed_key), _key_context(head.vote_key))


@lru_cache(maxsize=REMEMBERED)
def _unsealed(sealed_: bytes, bound_to: str) -> bytes:
    return keyring.unseal(sealed_, bound_to)


def _key_context(vote_key: str) -> str:
    return f"vote-key\x1f{vote_key}"


def _context(head: LogHead, group: str, commit: str) -> str:
    return f"ballot\x1f{head.vote_key}\x1f{group}\x1f{commit}"
