"""What everybody sees of a vote's log, and what scrutineers write into it."""

from datetime import datetime

from pydantic import ConfigDict, Field, JsonValue

from chalicelib.core.schema import Asked, Page, Shown, Text
from chalicelib.voting.schemas.ballots import NONCE, NOTICE, SEAL, Choice, Hex64

SCAN = f"heyuan/votes/vote_01JCZ5/per_2/{'9f86d081' * 8}.jpg"
POINT: dict[str, JsonValue] = {
    "seq": 120,
    "hash": SEAL,
    "time": 1795248000000,
    "signature": "MEUCIQDxGmZ1",
    "is_last": False,
}
PAPER: dict[str, JsonValue] = {"group": "heyuan-1-101", "serial": "K7Q2M4XZ3A"}


class CheckpointReply(Shown):
    """The log's head at an instant; `signature` is of "OV1|CHECKPOINT|" ‖ canon{vote, …}."""

    model_config = ConfigDict(json_schema_extra={"examples": [POINT]})

    seq: int
    hash: str
    time: int
    signature: str
    is_last: bool


class CheckpointPage(Page[CheckpointReply]):
    """A page of checkpoints, the newest first."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"items": [POINT], "next": None, "legal_notice": NOTICE}]}
    )

    legal_notice: str


class PublishedReply(Shown):
    """Where a counted vote's log can be had for ten minutes, and what it must hash to.

    Check it with `verify_vote.py`; `close` and `seal` begin with what the notice shows.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "level": "SEALED",
                    "url": "https://bucket.example/heyuan/votes/vote_01JCZ5/SEALED.json",
                    "sha256": SEAL,
                    "bytes": 612345,
                    "close": SEAL,
                    "seal": SEAL,
                    "public_key": "-----BEGIN PUBLIC KEY-----\n…\n-----END PUBLIC KEY-----\n",
                    "verifier_url": "https://bucket.example/heyuan/votes/vote_01JCZ5/verify_vote.py",
                    "verifier_sha256": SEAL,
                    "expires_at": "2026-11-21T08:10:00Z",
                    "legal_notice": NOTICE,
                }
            ]
        }
    )

    level: str
    url: str
    sha256: str
    bytes: int
    close: str
    seal: str
    public_key: str
    verifier_url: str
    verifier_sha256: str
    expires_at: datetime
    legal_notice: str


class BallotOpenedReply(Shown):
    """What a ballot says, after the close: `verify_vote.py --opening` takes the last three."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "vote_id": "vote_01JCZ5",
                    "group": "heyuan-1-101",
                    "type": "PAPER",
                    "channel": "PAPER",
                    "scan_sha256": "9f86d081" * 8,
                    "legal_notice": NOTICE,
                    "seq": 7,
                    "choice": {"i1": "NO"},
                    "nonce": NONCE,
                }
            ]
        }
    )

    vote_id: str
    group: str
    type: str
    channel: str
    scan_sha256: str | None
    legal_notice: str
    seq: int
    choice: dict[str, str | list[str]]
    nonce: str


class PaperRequest(Asked):
    """A paper ballot as one scrutineer reads it; a mark that nobody can read is `INVALID`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "serial": "K7Q2M4XZ3A",
                    "scan": SCAN,
                    "scan_sha256": "9f86d081" * 8,
                    "choice": {"i1": "NO"},
                }
            ]
        }
    )

    serial: str = Field(pattern=r"^[A-Z2-7]{10}$", examples=["K7Q2M4XZ3A"])
    scan: str = Field(min_length=1, max_length=300)
    scan_sha256: Hex64 = Field(examples=["9f86d081" * 8])
    choice: Choice = Field(examples=[{"i1": "NO"}])


class PaperReply(Shown):
    """How far a paper ballot is; what was entered is shown to nobody."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "vote_id": "vote_01JCZ5",
                    "group": "heyuan-1-101",
                    "serial": "K7Q2M4XZ3A",
                    "state": "ENTERED",
                    "entries": 1,
                    "disputes": 0,
                    "seq": None,
                    "legal_notice": NOTICE,
                }
            ]
        }
    )

    vote_id: str
    group: str
    serial: str
    state: str
    entries: int
    disputes: int
    seq: int | None
    legal_notice: str


class SerialReply(Shown):
    """The number to print on a group's paper ballot."""

    model_config = ConfigDict(json_schema_extra={"examples": [PAPER]})

    group: str
    serial: str


class SerialPage(Page[SerialReply]):
    """A page of the roll with the numbers of its paper ballots."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"items": [PAPER], "next": None, "legal_notice": NOTICE}]}
    )

    legal_notice: str


class RemovalRequest(Asked):
    """Why a ballot must be taken out; the log keeps it sealed."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "委托书系伪造，经本人确认（WO-17）"}]}
    )

    reason: Text = Field(min_length=4, max_length=500)


class RemovalReply(Shown):
    """A ballot that is to be taken out; `seq` is the VOID's number once another agreed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "vote_id": "vote_01JCZ5",
                    "group": "heyuan-1-101",
                    "of_seq": 7,
                    "reason": "委托书系伪造，经本人确认（WO-17）",
                    "asked_by": "per_2",
                    "agreed_by": None,
                    "seq": None,
                    "legal_notice": NOTICE,
                }
            ]
        }
    )

    vote_id: str
    group: str
    of_seq: int
    reason: str
    asked_by: str
    agreed_by: str | None
    seq: int | None
    legal_notice: str
