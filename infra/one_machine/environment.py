"""The one dictionary of addresses and keys that every process of an instance is given."""

import base64
import json
import os
import secrets

from infra.one_machine import broker, ministack, wechat
from infra.one_machine.home import REPOSITORY, Home
from infra.one_machine.ports import Ports

TOKEN_KEY_ID = "one-machine"  # noqa: S105 -- names a key, is none
SIGNED_IN_FOR_S = 30 * 86_400
"""How long the tokens of `.local/demo.json` live; on AWS none outlives 15 minutes."""

INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER", "LOGNAME", "VIRTUAL_ENV")
"""Of the user's environment; AWS profiles, proxies and PYTHON* settings stay outside."""


def environment(home: Home, ports: Ports) -> dict[str, str]:
    """Return the contract's LINLI_* and AWS_* names, also kept in `<state>/env.json`."""
    aws = f"http://127.0.0.1:{ports.aws}"
    dynamodb = os.environ.get("LINLI_DYNAMODB_URL") or f"http://127.0.0.1:{ports.dynamodb}"
    given = {
        "LINLI_STAGE": "demo",
        "LINLI_TABLE_PREFIX": "linli-",
        "LINLI_EVENT_BUS": "linli",
        "LINLI_QUEUE_PREFIX": f"{aws}/{ministack.ACCOUNT}/linli-",
        "LINLI_MEDIA_BUCKET": "linli-media",
        "LINLI_ARCHIVE_BUCKET": "linli-archive",
        "LINLI_COMMIT_FENCE": "0" if home.in_memory else "1",
        "LINLI_TOKEN_KEYS": json.dumps({"keys": [_public_token_key(home)]}),
        "LINLI_TOKEN_LONGEST_S": str(SIGNED_IN_FOR_S),
        "LINLI_SIGNING_KEY": f"file:{_signing_key(home)}",
        "LINLI_MASTER_KEY": f"file:{_master_key(home)}",
        "LINLI_RECEIPT_KEY": f"file:{_receipt_key(home)}",
        "LINLI_MODEL_PACK": os.environ.get("LINLI_MODEL_PACK", str(REPOSITORY / "packs/demo")),
        "LINLI_BASE_URL": f"http://127.0.0.1:{ports.http}",
        "LINLI_DEVICES_MQTT_URL": f"mqtt://127.0.0.1:{ports.mqtt}",
        "LINLI_DRIVER_HOSTS": os.environ.get("LINLI_DRIVER_HOSTS", ""),
        "LINLI_STATE": str(home.root),
        **broker.environment(ports, server_password(home)),
        **wechat.environment(home, ports),
        **_aws(home, aws, dynamodb),
    }
    home.remember("env", given)
    return {name: os.environ[name] for name in INHERITED if name in os.environ} | given


def server_password(home: Home) -> str:
    """Return the password of our own server at the broker."""
    return home.secret("mqtt-server", lambda: secrets.token_urlsafe(32).encode()).decode()


def token_key(home: Home) -> bytes:
    """Return the private Ed25519 key, in PEM, that signs demo tokens."""
    return home.secret("token.pem", _new_token_key)


def _aws(home: Home, aws: str, dynamodb: str) -> dict[str, str]:
    return {
        **ministack.credentials(home),
        "LINLI_DYNAMODB_KEY": _dynamodb_key(home),
        "AWS_REGION": ministack.REGION,
        "AWS_DEFAULT_REGION": ministack.REGION,
        "AWS_ENDPOINT_URL": aws,
        "AWS_ENDPOINT_URL_DYNAMODB": dynamodb,
        "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": dynamodb,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def _dynamodb_key(home: Home) -> str:
    """Return a key for nothing but DynamoDB: presigned uploads show the other one's id."""
    key_id = home.secret("dynamodb-key-id", ministack.new_access_key).decode()
    return f"{key_id}:{home.secret('dynamodb-secret', ministack.new_access_key).decode()}"


def _master_key(home: Home) -> str:
    home.secret("master.key", lambda: secrets.token_bytes(32))
    return str(home.folder("keys") / "master.key")


def _signing_key(home: Home) -> str:
    token_key(home)
    return str(home.folder("keys") / "token.pem")


def _receipt_key(home: Home) -> str:
    """Return where the key lies that signs ballots' receipts; on AWS it never leaves KMS."""
    home.secret("receipts.pem", _new_receipt_key)
    return str(home.folder("keys") / "receipts.pem")


def _new_receipt_key() -> bytes:
    from cryptography.hazmat.primitives import serialization as form  # noqa: PLC0415 -- first run
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 -- first run only

    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()
    )


def _new_token_key() -> bytes:
    from cryptography.hazmat.primitives import serialization as form  # noqa: PLC0415 -- first run
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 -- first run only

    return Ed25519PrivateKey.generate().private_bytes(
        form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()
    )


def _public_token_key(home: Home) -> dict[str, str]:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 -- as above

    public = load_pem_private_key(token_key(home), None).public_key().public_bytes_raw()  # type: ignore[union-attr]  # it is an Ed25519 key
    coordinate = base64.urlsafe_b64encode(public).rstrip(b"=").decode()
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "alg": "EdDSA",
        "use": "sig",
        "kid": TOKEN_KEY_ID,
        "x": coordinate,
    }
