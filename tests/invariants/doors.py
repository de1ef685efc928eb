"""What stands at doors of the foreign estate: openings, requests, passes, credentials."""

from typing import Any

from chalicelib.access.tables.credentials import Credential
from chalicelib.access.tables.desk import DeskRow
from chalicelib.access.tables.opening import OpeningRow
from chalicelib.access.tables.passes import PassRow
from chalicelib.access.tables.ringing import RingBlock
from chalicelib.core import clock, keyring
from chalicelib.core.table import Row, tenant_key
from chalicelib.passages.tables.reviews import Review


def of_doors(community: str, path: str, who: str) -> list[tuple[type[Row], dict[str, Any]]]:
    """Return what happens at doors, and what people pass by."""
    unit = "foreign-unit"
    return [
        (
            OpeningRow,
            {
                "opening_key": tenant_key(community, "foreign-opening"),
                "person_id": who,
                "state": "SENT",
            },
        ),
        (
            DeskRow,
            {
                "desk_key": tenant_key(community, "foreign-desk"),
                "kind": "door",
                "state": "TAKEN",
            },
        ),
        (RingBlock, {"unit_key": tenant_key(community, unit), "block_id": "foreign-block"}),
        *_passed_by(community, path, who),
    ]


def _passed_by(community: str, path: str, who: str) -> list[tuple[type[Row], dict[str, Any]]]:
    """Return a pass, a credential, and a pattern in passages."""
    unit, key = "foreign-unit", tenant_key(community, who)
    return [
        (
            PassRow,
            {
                "pass_key": tenant_key(community, "foreign-pass"),
                "pass_id": "foreign-pass",
                "unit_id": unit,
                "host_id": who,
                "state": "PENDING",
            },
        ),
        (
            Credential,
            {
                "person_key": key,
                "credential_id": "foreign-credential",
                "id_key": tenant_key(community, "foreign-credential"),
                "unit_id": unit,
                "path": f"{path}/{unit}",
                "kind": "qr",
                "state": "ACTIVE",
                "secret": keyring.seal(b"0" * 16, "credential/foreign-credential"),
                "issued_at": clock.epoch_ms(clock.now()),
            },
        ),
        (
            Review,
            {
                "review_key": tenant_key(community, "foreign-review"),
                "review_id": "foreign-review",
                "list_key": tenant_key(community, "open"),
                "pattern": "many_uses",
                "state": "open",
            },
        ),
    ]
