"""What residents see of their consents, and what they decide."""

from datetime import datetime

from pydantic import Field

from chalicelib.core.schema import Asked, Identifier, Moment, Shown, Text
from chalicelib.identity.rules.consent import Channel, Decision, Purpose, State

SHA256 = r"^[0-9a-f]{64}$"


class ConsentReply(Shown):
    """One purpose: the text to show, and how the person stands towards it."""

    purpose: Purpose
    state: State
    consent_id: str | None = Field(description="names the decision; null before the first")
    expires_at: datetime | None
    quiet_until: datetime | None = Field(description="until then the app does not ask by itself")
    may_ask: bool
    text: str
    text_version: str = Field(examples=["2026-11"])
    text_sha256: str
    kinds: list[str] = Field(examples=[["face_template_on_device"]])
    recipient: str = Field(examples=["物业服务企业"])
    sensitive: bool


class ConsentsReply(Shown):
    """Every purpose there is, for the caller or a child of theirs."""

    person_id: str
    items: list[ConsentReply]


class ConsentsQuery(Asked):
    """Whose consents: the caller's own, or those of a child under their guardianship."""

    person_id: Identifier | None = None


class ConsentAsked(Asked):
    """A decision about one purpose, with the very text that was on the screen."""

    purpose: Purpose
    decision: Decision
    text_version: Text = Field(max_length=40, examples=["2026-11"])
    text_sha256: str = Field(pattern=SHA256)
    channel: Channel = Channel.SETTINGS
    person_id: Identifier | None = Field(default=None, description="a child, by its guardian")
    until: Moment | None = Field(default=None, description="an earlier end than the usual one")
