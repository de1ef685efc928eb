"""Secrets that configuration names by address, so that the environment never holds one.

`file:PATH` holds the secret's bytes, `kms:BASE64` is ciphertext that AWS KMS opens.
"""

import base64
from pathlib import Path

from chalicelib.core import aws


def opened(address: str) -> bytes:
    """Return the secret at an address; raises ValueError for another kind of address."""
    scheme, _, rest = address.partition(":")
    if scheme == "file":
        return Path(rest).read_bytes()
    if scheme == "kms":
        answer = aws.client("kms").decrypt(CiphertextBlob=base64.b64decode(rest))
        return bytes(answer["Plaintext"])
    raise ValueError("a secret's address must be file:PATH or kms:BASE64")
