"""What happened to people and their homes."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class ResidencyEnded:
    """A person left a flat; every right that came with it has ended.

    `last_home`: they have no home left in the community.
    """

    community_id: str
    unit_id: str
    person_id: str
    ended_at: datetime
    tie: str = ""
    last_home: bool = False


@dataclass(frozen=True)
class ConsentGiven:
    """A person, or a child's guardian, agreed that data be used for one purpose."""

    community_id: str
    person_id: str
    consent_id: str
    purpose: str
    given_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class ConsentWithdrawn:
    """A consent was taken back; whoever relied on it stops and deletes."""

    community_id: str
    person_id: str
    consent_id: str
    purpose: str
    withdrawn_at: datetime


@dataclass(frozen=True)
class PersonForgotten:
    """A person's data key was destroyed; whoever holds more of them deletes it by `due_at`."""

    community_id: str
    person_id: str
    forgotten_at: datetime
    due_at: datetime


@dataclass(frozen=True)
class AccountErased:
    """A person had deleted what no contract needs; name and phone stay while `grounds` last.

    Whoever holds more than those needs deletes it by `due_at`.
    """

    community_id: str
    person_id: str
    grounds: tuple[str, ...]
    erased_at: datetime
    due_at: datetime


@dataclass(frozen=True)
class PersonCorrected:
    """The company corrected what is kept of a person (PIPL 46)."""

    community_id: str
    person_id: str
    fields: tuple[str, ...]
    corrected_by: str
    corrected_at: datetime


@dataclass(frozen=True)
class WeChatUnlinked:
    """The company took a WeChat account off a person, who may sign in with another one."""

    community_id: str
    person_id: str
    unlinked_by: str
    unlinked_at: datetime


@dataclass(frozen=True)
class ResidencyBegan:
    """A person was tied to a flat."""

    community_id: str
    unit_id: str
    person_id: str
    tie: str
    began_at: datetime


@dataclass(frozen=True)
class BindingRequested:
    """Somebody wishes to be tied to a flat; its owner or the company is to decide."""

    community_id: str
    binding_id: str
    unit_id: str
    person_id: str
    tie: str
    asked_at: datetime


@dataclass(frozen=True)
class BindingDecided:
    """A wish to be tied to a flat was approved or rejected."""

    community_id: str
    binding_id: str
    unit_id: str
    person_id: str
    state: str
    decided_at: datetime


@dataclass(frozen=True)
class ImportAccepted:
    """The sheets of an estate were found right, and are to be written."""

    community_id: str
    import_id: str


@dataclass(frozen=True)
class EstateImported:
    """All rooms and residents of an import are there, and visible from now."""

    community_id: str
    import_id: str
    rooms: int
    residents: int
    imported_at: datetime


@dataclass(frozen=True)
class RefreshTokenReused:
    """A refresh token was shown after its successor: it was copied, and its session ended."""

    community_id: str
    person_id: str
    session_id: str
    audience: str
    noticed_at: datetime


@dataclass(frozen=True)
class StaffReset:
    """A member of staff lost their credentials and sessions, by whom; they set up anew."""

    community_id: str
    person_id: str
    login: str
    reset_by: str
    reset_at: datetime
