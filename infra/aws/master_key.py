"""`python -m infra.aws.master_key`: make the master key that seals device keys.

Run once, after `cdk deploy Account`; the printed `kms:…` is the parameter MasterKey of the
stack Linli. It is a data key that KMS made and encrypted; nobody ever sees the plain one.
Losing it loses every device's key: keep it with the deployment's parameters.
"""

from __future__ import annotations

import base64

ALIAS = "alias/linli"


def make() -> str:
    """Return a new master key as `LINLI_MASTER_KEY` takes it."""
    import boto3  # noqa: PLC0415 -- not needed to synthesise

    made = boto3.client("kms").generate_data_key_without_plaintext(KeyId=ALIAS, KeySpec="AES_256")
    return "kms:" + base64.b64encode(made["CiphertextBlob"]).decode()


if __name__ == "__main__":
    print(make())
