"""Signatures that anybody can check: ECDSA on P-256 with SHA-256 (FIPS 186-5), DER in base64.

`LINLI_RECEIPT_KEY` is the address of the private key: `kms-key:ID` stays in AWS KMS and signs
there, `file:PATH` is one in PEM. What is signed begins with words of its own kind, so that no
signature stands for something else.
"""

import base64
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from chalicelib.core import aws
from chalicelib.core.config import settings

ALGORITHM = "ECDSA_SHA_256"


def signed(message: bytes) -> str:
    """Return the signature of a message; raises ValueError for another kind of address."""
    scheme, _, rest = settings().receipt_key.partition(":")
    if scheme == "kms-key":
        return base64.b64encode(_signed_by_kms(rest, message)).decode()
    return base64.b64encode(_signed_by_file(_path(scheme, rest), message)).decode()


def public_key() -> str:
    """Return the public half in PEM (SubjectPublicKeyInfo), to be published."""
    return _published(settings().receipt_key)


def is_ours(message: bytes, signature: str) -> bool:
    """Return whether a signature is ours, of exactly this message."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    public: Any = load_pem_public_key(public_key().encode())
    try:
        public.verify(base64.b64decode(signature, validate=True), message, ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def _path(scheme: str, rest: str) -> str:
    if scheme != "file":
        raise ValueError("a signing key's address must be kms-key:ID or file:PATH")
    return rest


def _signed_by_kms(key_id: str, message: bytes) -> bytes:
    answer = aws.client("kms").sign(
        KeyId=key_id,
        Message=hashlib.sha256(message).digest(),
        MessageType="DIGEST",
        SigningAlgorithm=ALGORITHM,
    )
    return bytes(answer["Signature"])


def _signed_by_file(path: str, message: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.hashes import SHA256

    made: bytes = _private(path).sign(message, ECDSA(SHA256()))
    return made


@lru_cache(maxsize=2)
def _private(path: str) -> Any:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    return load_pem_private_key(Path(path).read_bytes(), None)


@lru_cache(maxsize=2)
def _published(address: str) -> str:
    scheme, _, rest = address.partition(":")
    if scheme == "kms-key":
        der = bytes(aws.client("kms").get_public_key(KeyId=rest)["PublicKey"])
        text = base64.b64encode(der).decode()
        lines = [text[start : start + 64] for start in range(0, len(text), 64)]
        return "\n".join(("-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""))
    from cryptography.hazmat.primitives import serialization as form

    public = _private(_path(scheme, rest)).public_key()
    pem: bytes = public.public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    return pem.decode()
