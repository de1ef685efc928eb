"""Sealing of secrets at rest under one master key (AES-256-GCM, SP 800-38D).

Where the master key comes from is an address: `file:PATH` holds 32 raw bytes,
`kms:BASE64` is a data key that AWS KMS opens. A sealed value is bound to its context, so
that it cannot be moved to another row.
"""

import base64
import hashlib
import hmac
import secrets
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from chalicelib.core import aws
from chalicelib.core.config import settings

NONCE = 12


def seal(secret: bytes, bound_to: str) -> bytes:
    """Return nonce and ciphertext of a secret that only `unseal` with the same context opens."""
    nonce = secrets.token_bytes(NONCE)
    sealed: bytes = nonce + _cipher().encrypt(nonce, secret, bound_to.encode())
    return sealed


def unseal(sealed: bytes, bound_to: str) -> bytes:
    """Return the secret; raises cryptography's InvalidTag if row or context was altered."""
    secret: bytes = _cipher().decrypt(sealed[:NONCE], sealed[NONCE:], bound_to.encode())
    return secret


def seal_under(key: bytes, secret: bytes, bound_to: str) -> bytes:
    """Return what `unseal_under` opens with the same 32-byte key and context."""
    nonce = secrets.token_bytes(NONCE)
    sealed: bytes = nonce + _cipher_of(key).encrypt(nonce, secret, bound_to.encode())
    return sealed


def unseal_under(key: bytes, sealed: bytes, bound_to: str) -> bytes:
    """Return the secret; raises InvalidTag for another key, another context, other bytes."""
    secret: bytes = _cipher_of(key).decrypt(sealed[:NONCE], sealed[NONCE:], bound_to.encode())
    return secret


@cache
def derived(purpose: str) -> bytes:
    """Return the 32-byte key that the master key gives for a purpose (HMAC-SHA256)."""
    return hmac.digest(_master_key(settings().master_key), purpose.encode(), hashlib.sha256)


@lru_cache(maxsize=1)
def _cipher() -> Any:
    return _cipher_of(_master_key(settings().master_key))


def _cipher_of(key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)


def _master_key(address: str) -> bytes:
    scheme, _, rest = address.partition(":")
    if scheme == "file":
        return Path(rest).read_bytes()
    if scheme == "kms":
        opened = aws.client("kms").decrypt(CiphertextBlob=base64.b64decode(rest))
        return bytes(opened["Plaintext"])
    raise ValueError("LINLI_MASTER_KEY must be file:PATH or kms:BASE64")
