"""What voters send and see of a ballot: sealed words, receipts, proxies."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, JsonValue

from chalicelib.assemblies.public import procedure
from chalicelib.core.schema import Asked, Identifier, Shown

Hex64 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""32 bytes in lowercase hex."""

Named = Annotated[str, Field(min_length=1, max_length=64)]
Answer = Named | Annotated[list[Named], Field(max_length=200)]
Choice = Annotated[dict[Named, Answer], Field(min_length=1, max_length=100)]
"""Per item: `YES`, `NO`, `ABSTAIN`, or the sorted candidates of an election."""

SEAL = "8f0c1e4f0a5d7f2c6b9a3e1d4c7b2a5f8e1d4c7b0a3f6e9d2c5b8a1f4e7d0c3b"
NOTICE = procedure.SHOWN[procedure.LegalMode.CONSULTATIVE]
NONCE = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
RECEIPT: dict[str, JsonValue] = {
    "vote": "vote_01JCZ5",
    "seq": 1,
    "hash": "0202b4cd6bdb803abdf839e88d05f30f98ef77e725e35fd4bb12be0fe463d1d5",
    "commit": SEAL,
    "time": 1795248000000,
    "signature": "MEUCIQDxGmZ1",
}
TAKEN: dict[str, JsonValue] = {
    "vote_id": "vote_01JCZ5",
    "group": "heyuan-1-101",
    "state": "TAKEN",
    "type": "CAST",
    "cast_id": None,
    "refusal": None,
    "message": None,
    "receipt": RECEIPT,
    "legal_notice": NOTICE,
}


class CastRequest(Asked):
    """A ballot. `commit` is SHA256("OVC1|" ‖ canon(choice) ‖ nonce): docs/ballot-log.md.

    The nonce is 32 random bytes that the app draws for each ballot, and keeps: with it the
    voter finds their ballot in the published log. `replaces` changes one's mind.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"choice": {"i1": "YES"}, "nonce": NONCE, "commit": SEAL, "replaces": False}
            ]
        }
    )

    choice: Choice = Field(examples=[{"i1": "YES"}])
    nonce: Hex64 = Field(examples=[NONCE])
    commit: Hex64 = Field(examples=[SEAL])
    replaces: bool = False


class ReceiptReply(Shown):
    """That a ballot is in the log; `signature` is ECDSA P-256, of "OV1|RECEIPT|" ‖ canon(rest)."""

    model_config = ConfigDict(json_schema_extra={"examples": [RECEIPT]})

    vote: str
    seq: int
    hash: str
    commit: str
    time: int = Field(description="epoch milliseconds, by the server's clock")
    signature: str


class CastReply(Shown):
    """A ballot: `WAITING` comes with 202, is in time, and has its place shortly: ask again."""

    model_config = ConfigDict(json_schema_extra={"examples": [TAKEN]})

    vote_id: str
    group: str
    state: str
    type: str | None
    cast_id: str | None
    refusal: str | None
    message: str | None
    receipt: ReceiptReply | None
    legal_notice: str


class ReceiptCheck(Asked):
    """A receipt as its voter kept it."""

    model_config = ConfigDict(json_schema_extra={"examples": [RECEIPT]})

    vote: Identifier
    seq: int = Field(ge=1, le=10**9)
    hash: Hex64 = Field(examples=[RECEIPT["hash"]])
    commit: Hex64 = Field(examples=[SEAL])
    time: int = Field(ge=0, le=10**14)
    signature: str = Field(min_length=8, max_length=200)


class ReceiptChecked(Shown):
    """The entry that a receipt stands for, and whether its ballot still counts."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "group": "heyuan-1-101",
                    "type": "CAST",
                    "counts": True,
                    "legal_notice": NOTICE,
                }
            ]
        }
    )

    group: str
    type: str
    counts: bool
    legal_notice: str


DOCUMENT = f"heyuan/votes/vote_01JCZ5/per_1/{'9f86d081' * 8}.jpg"


class ProxyRequest(Asked):
    """Whom one trusts with one's voice, and the uploaded scan of the signed document."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "holder_id": "per_01JCZ5",
                    "document": DOCUMENT,
                    "document_sha256": "9f86d081" * 8,
                }
            ]
        }
    )

    holder_id: Identifier
    document: str = Field(min_length=1, max_length=300)
    document_sha256: Hex64 = Field(examples=["9f86d081" * 8])


class ProxyReply(Shown):
    """A proxy as its owner sees it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "vote_id": "vote_01JCZ5",
                    "group": "heyuan-1-101",
                    "holder_id": "per_01JCZ5",
                    "document": DOCUMENT,
                    "given_at": "2026-11-21T08:00:00Z",
                    "is_withdrawn": False,
                    "legal_notice": NOTICE,
                }
            ]
        }
    )

    vote_id: str
    group: str
    holder_id: str
    document: str
    given_at: datetime
    is_withdrawn: bool
    legal_notice: str
