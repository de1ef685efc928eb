"""`python -m infra.aws.signing_key KID`: make a key that signs access tokens.

Run after `cdk deploy Account`, and again to rotate. The first printed line is the public half,
to be added to the parameter TokenKeys; deploy that. The second is the parameter SigningKey:
deploy it next, and take the old public half out a quarter of an hour later.
"""

from __future__ import annotations

import base64
import json
import sys

from infra.aws.master_key import ALIAS


def make(key_id: str) -> tuple[str, str]:
    """Return the public JWK and the address of the private key, sealed by KMS."""
    import boto3  # noqa: PLC0415 -- not needed to synthesise
    from cryptography.hazmat.primitives import serialization as form  # noqa: PLC0415 -- as above
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 -- as above
        Ed25519PrivateKey,
    )

    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    sealed = boto3.client("kms").encrypt(KeyId=ALIAS, Plaintext=pem)["CiphertextBlob"]
    x = base64.urlsafe_b64encode(private.public_key().public_bytes_raw()).rstrip(b"=").decode()
    public = {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": key_id, "x": x}
    return json.dumps(public), "kms:" + base64.b64encode(sealed).decode()


if __name__ == "__main__":
    print("\n".join(make(sys.argv[1])))
