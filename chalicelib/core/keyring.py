"""Sealing of secrets at rest under one master key (AES-256-GCM, SP 800-38D).

Where the master key, 32 raw bytes, comes from is an address (`secret`). A sealed value is
bound to its context, so that it cannot be moved to another row.
"""

import hashlib
import hmac
import secrets
from functools import cache, lru_cache
from typing import Any

from chalicelib.core import secret
from chalicelib.core.config import settings

NONCE = 12


def seal(text: bytes, bound_to: str) -> bytes:
    """Return nonce and ciphertext of a secret that only `unseal` with the same context opens."""
    nonce = secrets.token_bytes(NONCE)
    sealed: bytes = nonce + _cipher().encrypt(nonce, text, bound_to.encode())
    return sealed


def unseal(sealed: bytes, bound_to: str) -> bytes:
    """Return the secret; raises cryptography's InvalidTag if row or context was altered."""
    text: bytes = _cipher().decrypt(sealed[:NONCE], sealed[NONCE:], bound_to.encode())
    return text


def seal_under(key: bytes, text: bytes, bound_to: str) -> bytes:
    """Return what `unseal_under` opens with the same 32-byte key and context."""
    nonce = secrets.token_bytes(NONCE)
    sealed: bytes = nonce + _cipher_of(key).encrypt(nonce, text, bound_to.encode())
    return sealed


def unseal_under(key: bytes, sealed: bytes, bound_to: str) -> bytes:
    """Return the secret; raises InvalidTag for another key, another context, other bytes."""
    text: bytes = _cipher_of(key).decrypt(sealed[:NONCE], sealed[NONCE:], bound_to.encode())
    return text


@cache
def derived(purpose: str) -> bytes:
    """Return the 32-byte key that the master key gives for a purpose (HMAC-SHA256)."""
    return hmac.digest(secret.opened(settings().master_key), purpose.encode(), hashlib.sha256)


@lru_cache(maxsize=1)
def _cipher() -> Any:
    return _cipher_of(secret.opened(settings().master_key))


def _cipher_of(key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)
