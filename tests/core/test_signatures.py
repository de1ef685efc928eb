"""Signatures of receipts: by a key file, and by a key that never leaves KMS."""

from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from chalicelib.core import aws, signatures

MESSAGE = b"OV1|RECEIPT|{}"


class KMS:
    """KMS's Sign and GetPublicKey (the emulator's need a library that it does not bring)."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())

    def sign(self, **asked: Any) -> dict[str, bytes]:
        assert (asked["MessageType"], asked["SigningAlgorithm"]) == ("DIGEST", "ECDSA_SHA_256")
        return {"Signature": self.private.sign(asked["Message"], ec.ECDSA(Prehashed(SHA256())))}

    def get_public_key(self, **asked: Any) -> dict[str, bytes]:
        assert asked["KeyId"] == "alias/one"
        public = self.private.public_key()
        spki = form.PublicFormat.SubjectPublicKeyInfo
        return {"PublicKey": public.public_bytes(form.Encoding.DER, spki)}


def test_what_was_signed_is_ours_and_nothing_else_is():
    made = signatures.signed(MESSAGE)
    assert signatures.is_ours(MESSAGE, made)
    assert not signatures.is_ours(b"OV1|CHECKPOINT|{}", made)
    for bent in ("", "not base64!", made[:-8], made.swapcase()):
        assert not signatures.is_ours(MESSAGE, bent)


def test_kms_signs_and_publishes_its_public_half():
    with aws.using({"kms": KMS()}):
        signature = signatures._signed_by_kms("alias/one", MESSAGE)
        published = signatures._published("kms-key:alias/one")
    public = form.load_pem_public_key(published.encode())
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(signature, MESSAGE, ec.ECDSA(SHA256()))


def test_another_kind_of_address_is_refused():
    with pytest.raises(ValueError, match="kms-key:ID or file:PATH"):
        signatures._published("https://keys.example/1")
