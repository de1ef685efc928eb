"""What people send to sign in, and what they get."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from chalicelib.core.schema import Asked, Identifier, Moment, Shown, Text
from chalicelib.identity.schemas.staff import Login, NodePath

Device = Annotated[Text, Field(max_length=64)]
Code = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,256}$")]
Token = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,2000}$")]
Password = Annotated[str, StringConstraints(min_length=1, max_length=256)]
Portal = Literal["property", "committee", "government"]


class WeChatSignIn(Asked):
    """A code of `wx.login`, and which community if there are several."""

    js_code: Code
    community_id: Identifier | None = None
    device: Device = Field(default="", examples=["微信 iPhone"])


class PhoneSignIn(Asked):
    """The ticket of a sign-in that was not known, and a code of the phone number button."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "ticket": "c2VhbGVkLXRpY2tldC1vZi1mb3VyLW1pbnV0ZXM",
                    "phone_code": "0a3Lxy1w3bQk9Z2rXy0w3example",
                    "community_id": "heyuan",
                    "device": "微信 iPhone",
                }
            ]
        }
    )

    ticket: Token
    phone_code: Code
    community_id: Identifier | None = None
    device: Device = ""


class StaffSignIn(Asked):
    """Name, password and one-time or recovery code; which node if there are several posts."""

    login: Login
    password: Password
    code: Code = Field(examples=["492039"])
    portal: Portal
    node_path: NodePath | None = None
    device: Device = ""


class StaffSetUp(Asked):
    """The set-up code of an administrator, and the password that is chosen.

    It may be asked again until the first sign-in, if the authenticator did not take the
    secret: each time makes a new secret and new recovery codes, and the earlier ones are void.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "login": "feng_guard",
                    "setup_code": "K7QX-2MPA-9TRD-5WHC",
                    "password": "four quiet lanterns at dusk",
                }
            ]
        }
    )

    login: Login
    setup_code: Code
    password: Password


class Refresh(Asked):
    """A refresh token; it is spent by this."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"refresh_token": "cmVmcmVzaC10b2tlbi1zcGVudC1ieS11c2U"}]}
    )

    refresh_token: Token


class SessionReply(Shown):
    """The access token goes into `Authorization: Bearer …` for `expires_in` seconds."""

    access_token: str
    expires_in: int = Field(examples=[900])
    refresh_token: str
    subject_id: str
    community_id: str
    audience: str
    roles: list[str]
    node_path: str


class ArrivalReply(Shown):
    """Signed in, or a ticket to come back with and a phone code."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "session": None,
                    "ticket": "c2VhbGVkLXRpY2tldC1vZi1mb3VyLW1pbnV0ZXM",
                    "community_ids": [],
                }
            ]
        }
    )

    session: SessionReply | None
    ticket: str | None
    community_ids: list[str]


class EnrolmentReply(Shown):
    """For the authenticator (`totp_uri` as a QR code) and the safe; shown once."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "totp_uri": "otpauth://totp/Linli:feng_guard?secret=JBSWY3DPEHPK3PXP&issuer=Linli",
                    "totp_secret": "JBSWY3DPEHPK3PXP",
                    "recovery_codes": ["7K4D-9QXM", "2HTR-6WPA"],
                }
            ]
        }
    )

    totp_uri: str
    totp_secret: str
    recovery_codes: list[str]


class Ended(Shown):
    """The session has ended, now or before."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ended": True}]})

    ended: bool


class SessionView(Shown):
    """One live session of the caller."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "session_id": "ses_01JCZ5",
                    "audience": "resident",
                    "device": "微信 iPhone",
                    "started_at": "2026-11-21T08:00:00Z",
                    "refreshed_at": "2026-11-21T08:14:00Z",
                    "is_this": True,
                }
            ]
        }
    )

    session_id: str
    audience: str
    device: str
    started_at: Moment
    refreshed_at: Moment
    is_this: bool


class SessionList(Shown):
    """The caller's live sessions, the newest first."""

    items: list[SessionView]
