"""What happened at gates."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class CallRung:
    """A visitor rang a flat; `answerers` are the adults who may answer."""

    community_id: str
    call_id: str
    unit_id: str
    gate_id: str
    panel_id: str
    answerers: tuple[str, ...]
    rung_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class OpeningGranted:
    """A resident let the visitor in; the command is on its way."""

    community_id: str
    call_id: str
    gate_id: str
    command_id: str
    answered_by: str
    granted_at: datetime


@dataclass(frozen=True)
class CallClosed:
    """A call reached its end: OPENED, FAILED, UNKNOWN, DENIED or EXPIRED."""

    community_id: str
    call_id: str
    state: str
    closed_at: datetime


@dataclass(frozen=True)
class OpeningClosed:
    """A door that somebody was told to open has answered, or never did.

    `how` is `call`, `phone` or `desk`; `opening_id` is the call's, the opening's or the
    request's; `by` who tapped, `unit_id` by right of which flat. `state` is OPENED, FAILED or
    UNKNOWN. `path` is the node that the door stands at.
    """

    community_id: str
    opening_id: str
    how: str
    door_id: str
    place_id: str
    path: str
    unit_id: str
    by: str
    state: str
    closed_at: datetime


@dataclass(frozen=True)
class DeskDone:
    """A guard dealt with a request; `subject` is the asking domain's own id.

    `kind` and `outcome` are those of `rules.desk`: `call`, `plate`, `door`; `let_in`,
    `turned_away`, `confirmed`, `handled`, `nobody_there`.
    """

    community_id: str
    request_id: str
    kind: str
    cause: str
    subject: str
    outcome: str
    done_by: str
    done_at: datetime


@dataclass(frozen=True)
class AllowListChanged:
    """An entry of an estate's allow-list was written or removed; `number` is the version.

    `path` is the flat's node; `doors` are the only ones concerned, if any are named.
    """

    community_id: str
    number: int
    entry_id: str
    path: str
    doors: tuple[str, ...]
    removed: bool
    changed_at: datetime


@dataclass(frozen=True)
class CredentialIssued:
    """A person was given something to pass by, for one flat; of what it is nothing is said."""

    community_id: str
    credential_id: str
    person_id: str
    unit_id: str
    kind: str
    issued_by: str
    issued_at: datetime


@dataclass(frozen=True)
class CredentialWithdrawn:
    """A credential opens nothing any more where we are asked; doors are being told."""

    community_id: str
    credential_id: str
    person_id: str
    unit_id: str
    kind: str
    why: str
    withdrawn_by: str
    withdrawn_at: datetime


@dataclass(frozen=True)
class WithdrawalCompleted:
    """Every device that may have had a credential has said that it has it no more."""

    community_id: str
    credential_id: str
    person_id: str
    kind: str
    devices: int
    withdrawn_at: datetime
    completed_at: datetime


@dataclass(frozen=True)
class WithdrawalOverdue:
    """A device has not said for an hour that a credential is gone from it (LAW.md 3.2)."""

    community_id: str
    credential_id: str
    device_id: str
    kind: str
    since: datetime
    noticed_at: datetime


@dataclass(frozen=True)
class PassGiven:
    """A host gave a visitor a pass; `state` is APPROVED, or PENDING until staff agree."""

    community_id: str
    pass_id: str
    unit_id: str
    host_id: str
    state: str
    starts: datetime
    ends: datetime
    companions: int
    given_at: datetime


@dataclass(frozen=True)
class PassDecided:
    """Staff agreed to a pass, or did not: APPROVED or REJECTED."""

    community_id: str
    pass_id: str
    unit_id: str
    host_id: str
    state: str
    decided_by: str
    decided_at: datetime


@dataclass(frozen=True)
class PassSpent:
    """The last use of a pass was taken: doors that decide alone let nobody in by it any more."""

    community_id: str
    pass_id: str
    unit_id: str
    unit_path: str
    spent_at: datetime


@dataclass(frozen=True)
class PassClosed:
    """A pass came to its end: REVOKED, REJECTED or EXPIRED."""

    community_id: str
    pass_id: str
    unit_id: str
    state: str
    closed_at: datetime


@dataclass(frozen=True)
class AccessDecided:
    """A door asked about somebody and was told; who passes is what the door reports then.

    `holder` is `cred_…` or `pass_…`, empty for who was not recognised; `reason` is `ok` for who
    may pass. `path` is the node that the door stands at.
    """

    community_id: str
    decision_id: str
    device_id: str
    place_id: str
    path: str
    method: str
    allow: bool
    reason: str
    holder: str
    unit_id: str
    direction: str
    companions: int
    decided_at: datetime
