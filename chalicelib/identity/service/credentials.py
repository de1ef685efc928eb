"""What staff prove themselves with: password, one-time codes, recovery and set-up codes.

Every check takes the same way and time for a sign-in name that nobody has (SECURITY.md 16).
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from chalicelib.core import clock, ids, keyring
from chalicelib.identity.rules import sessions as rules
from chalicelib.identity.tables.sessions import StaffAccount

MEMORY_KIB, PASSES, LANES = 19_456, 2, 1
"""argon2id's cost: OWASP's least, so that it fits a small Lambda (RFC 9106 4)."""

STEP_S = 30
WINDOW = (-1, 0, 1)
"""Steps of RFC 6238 that are taken: phones' clocks differ by half a minute."""

ISSUER = "Linli"
_GROUP = 5


@dataclass(frozen=True)
class Proof:
    """What was shown and found good: the step of a one-time code, or the recovery code."""

    step: int = 0
    recovery: str = ""


@dataclass(frozen=True)
class Enrolment:
    """What a person copies into their authenticator and their safe, shown once."""

    totp_uri: str
    totp_secret: str
    recovery_codes: tuple[str, ...]


def password_fitting(account: StaffAccount, password: str) -> str | None:
    """Return the kept hash that a password fits, or None; slow for whatever account."""
    from argon2.exceptions import (  # noqa: PLC0415 -- not of resident's start-up
        InvalidHashError,
        VerificationError,
    )

    try:
        _hasher().verify(account.password or _nobodys(), password)
    except (InvalidHashError, VerificationError):
        return None
    return account.password


def proof(account: StaffAccount, fitting: str | None, code: str, at: datetime) -> Proof | None:
    """Return what the second factor proves if the password's hash is still this one, or None."""
    second = _code_fits(account, code, at)
    return second if fitting is not None and fitting == account.password else None


def is_owners(account: StaffAccount, code: str) -> bool:
    """Return whether it is a code that nobody guesses: a recovery or a set-up code."""
    kept = {*(account.recovery or ()), account.setup or ""}
    shown = (_mac(kind, account.login, code) for kind in ("recovery", "setup"))
    return any(hmac.compare_digest(one, mark) for mark in shown for one in kept)


def spend(account: StaffAccount, shown: Proof) -> None:
    """Note on the row what may not be shown again."""
    account.totp_step = max(int(account.totp_step), shown.step)
    if shown.recovery:
        account.recovery = set(account.recovery or ()) - {shown.recovery} or None
    account.setup = account.setup_ends = None


def void(account: StaffAccount) -> None:
    """Take all credentials off the row: nobody signs in by it before a new set-up."""
    account.password = account.totp = account.recovery = account.expires = None
    account.setup = account.setup_ends = account.counts = None
    account.set_up, account.totp_step = False, 0


def invite(account: StaffAccount, at: datetime) -> str:
    """Take all credentials off the row and return the code that sets new ones, once."""
    code = _new_code(3)
    void(account)
    account.setup = _mac("setup", account.login, code)
    account.setup_ends = clock.epoch_ms(at + rules.SETUP_LIVES)
    return code


def invited(account: StaffAccount, code: str, at: datetime) -> bool:
    """Return whether this is the account's live set-up code."""
    fits = hmac.compare_digest(account.setup or "", _mac("setup", account.login, code))
    return fits and clock.epoch_ms(at) < int(account.setup_ends or 0)


def enrol(account: StaffAccount, password: str) -> Enrolment:
    """Put a password and new second factors on the row."""
    import pyotp  # noqa: PLC0415 -- not of resident's start-up

    secret = pyotp.random_base32()
    codes = tuple(_new_code(2) for _ in range(rules.RECOVERY_CODES))
    account.password = _hasher().hash(password)
    account.totp = keyring.seal(secret.encode(), _context(account.login))
    account.recovery = {_mac("recovery", account.login, code) for code in codes}
    account.totp_step, account.set_up = 0, True
    uri = pyotp.TOTP(secret).provisioning_uri(name=account.login, issuer_name=ISSUER)
    return Enrolment(uri, secret, codes)


def _code_fits(account: StaffAccount, code: str, at: datetime) -> Proof | None:
    import pyotp  # noqa: PLC0415 -- not of resident's start-up

    secret = _totp_secret(account)
    now = int(at.timestamp()) // STEP_S
    good = [
        now + step
        for step in WINDOW
        if hmac.compare_digest(pyotp.HOTP(secret).at(now + step).encode(), code.encode())
    ]
    mark = _mac("recovery", account.login, code)
    kept = [one for one in account.recovery or () if hmac.compare_digest(one, mark)]
    if good and good[-1] > int(account.totp_step) and account.totp:
        return Proof(step=good[-1])
    return Proof(recovery=kept[0]) if kept else None


def _totp_secret(account: StaffAccount) -> str:
    if not account.totp:
        return "A" * 32
    return keyring.unseal(bytes(account.totp), _context(account.login)).decode()


@lru_cache(maxsize=1)
def _hasher() -> Any:
    from argon2 import PasswordHasher  # noqa: PLC0415 -- as above

    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)


@lru_cache(maxsize=1)
def _nobodys() -> str:
    """Return the hash of a password that nobody has."""
    return str(_hasher().hash(secrets.token_urlsafe(32)))


def _new_code(groups: int) -> str:
    """Return groups of five characters: 25 random bits each, nothing to mistake for another."""
    alphabet = ids.ALPHABET
    return "-".join("".join(secrets.choice(alphabet) for _ in range(_GROUP)) for _ in range(groups))


def _mac(kind: str, login: str, code: str) -> str:
    """Return what is kept of a code: it has too many bits to be guessed back."""
    plain = code.strip().upper().replace("-", "")
    said = f"{login}\x1f{plain}".encode()
    return hmac.digest(keyring.derived(f"staff-{kind}"), said, hashlib.sha256).hex()


def _context(login: str) -> str:
    return f"totp\x1f{login}"
