"""Devices told to take or give up a credential, again and again, until they say that they did."""

from datetime import timedelta

from chalicelib.access.events import WithdrawalOverdue
from chalicelib.access.rules import allow_lists as lists
from chalicelib.access.rules import credentials as rules
from chalicelib.access.rules.credentials import CredentialKind, CredentialState, OnDevice
from chalicelib.access.rules.desk import DeskAsk, DeskKind
from chalicelib.access.service.biometrics import require_consent
from chalicelib.access.service.desk import ask_desk
from chalicelib.access.tables.allow_lists import DoorList
from chalicelib.access.tables.credentials import Credential, Enrolment
from chalicelib.core import clock, ids, outbox
from chalicelib.core.errors import Refusal, Unprocessable
from chalicelib.core.logs import logger
from chalicelib.core.table import Row, tenant_key
from chalicelib.devices import public as devices

BY = "linli"
"""On whose behalf devices are told of lists and credentials: nobody taps for it."""

LOOK_AGAIN = timedelta(seconds=60)


def pursue(row: Enrolment) -> None:
    """Take the next step with what a device owes us; nothing if it owes nothing."""
    if not row.is_awaited:
        return
    if row.is_listed:
        _look(row)
    elif row.state == OnDevice.ENROL_SENT and (reason := _why_not(row)):
        _settle(row, OnDevice.ENROL_FAILED, reason)
    else:
        _tell(row)


def _why_not(row: Enrolment) -> str:
    """Return why a device is not asked any more to take a face or finger; empty if it is.

    A face or finger only while its consent stands, at the very moment of each asking. What is
    withdrawn says so, also when its time was over as well.
    """
    credential = Credential.of(row.community_id, row.person_id, row.credential_id)
    if credential is None or credential.state == CredentialState.WITHDRAWN:
        return "withdrawn"
    if not _is_agreed_to(row):
        return "consent_missing"
    late = clock.now() - clock.from_epoch_ms(int(row.since)) > rules.ENROL_WITHIN
    return "timed_out" if late else ""


def _is_agreed_to(row: Enrolment) -> bool:
    try:
        require_consent(row.community_id, row.person_id, CredentialKind(row.kind))
    except Unprocessable:
        return False
    return True


def _tell(row: Enrolment) -> None:
    """Tell a device; a receipt that does not come lets it be told again, a little later."""
    op, args = _order(row)
    row.tellings = int(row.tellings) + 1
    at = clock.now()
    row.told_at = clock.epoch_ms(at)
    row.due_at = clock.epoch_ms(at + lists.again_after(int(row.tellings)))
    more, facts = _overdue(row)
    try:
        command = devices.prepare(
            row.community_id,
            row.device_id,
            op,
            args,
            command_id=ids.derived("cmd", op, row.credential_key, row.device_id, str(row.told_at)),
            cause=devices.Cause(row.credential_id, BY),
        )
    except Refusal as refusal:
        logger().warning(
            "credential not told", extra={"device": row.device_id, "reason": refusal.code}
        )
        _give_up(row, refusal)
        outbox.commit(row, *more, events=facts)
        return
    outbox.commit(row, command, *more, events=facts)
    devices.dispatch(command)


def _order(row: Enrolment) -> tuple[str, dict[str, str]]:
    if row.state == OnDevice.ENROL_SENT:
        return "credential.enrol", {"credential_id": row.credential_id, "kind": row.kind}
    return "credential.withdraw", {"credential_id": row.credential_id}


def _give_up(row: Enrolment, refusal: Refusal) -> None:
    """Tell a device that was retired no more once a person was asked to see to it.

    The row still owes its receipt: it ends when somebody vouches for the device.
    """
    if refusal.code == "no_such_device" and row.overdue_at:
        row.shard = row.due_at = None


def _look(row: Enrolment) -> None:
    """Settle what a door's newer list has settled; else look again, later once a person knows.

    A receipt settles it by itself, at once (`lists_pushed.hear`).
    """
    door = DoorList.of(tenant_key(row.community_id, row.device_id))
    if door is not None and door.applied >= (row.list_version or 0):
        settle(row, OnDevice.WITHDRAWN)
        return
    again = lists.LAST_AGAIN if row.overdue_at else LOOK_AGAIN
    row.due_at = clock.epoch_ms(clock.now() + again)
    more, facts = _overdue(row)
    outbox.commit(row, *more, events=facts)


def _overdue(row: Enrolment) -> tuple[list[Row], list[WithdrawalOverdue]]:
    """Return the guard's request and the fact, once, of a withdrawal that took too long."""
    at, since = clock.now(), clock.from_epoch_ms(int(row.since))
    if row.state != OnDevice.WITHDRAW_SENT or row.overdue_at:
        return [], []
    if at - since < lists.OVERDUE_AFTER:
        return [], []
    row.overdue_at = clock.epoch_ms(at)
    fact = WithdrawalOverdue(
        row.community_id, row.credential_id, row.device_id, row.kind, since, at
    )
    logger().error("withdrawal overdue", extra={"device": row.device_id})
    try:
        place_id = devices.device_of(row.community_id, row.device_id).place_id
    except Refusal:
        place_id = ""
    ask = DeskAsk(
        row.community_id,
        DeskKind.DOOR,
        cause=f"{row.credential_id}/{row.device_id}",
        why="withdrawal_overdue",
        place_id=place_id,
        asked_at=at,
        subject=row.credential_id,
    )
    return [ask_desk(ask)], [fact]


def settle(row: Enrolment, state: OnDevice, reason: str = "") -> None:
    """Note a device's receipt; the first enrolment makes the credential an active one."""
    _settle(row, state, reason)


def _settle(row: Enrolment, state: OnDevice, reason: str) -> None:
    row.state, row.reason = state.value, reason
    row.settled_at = clock.epoch_ms(clock.now())
    row.waiting_key = row.shard = row.due_at = None
    rows: list[Row] = [row]
    if state is OnDevice.ENROLLED:
        credential = Credential.of(row.community_id, row.person_id, row.credential_id)
        if credential is not None and credential.state == CredentialState.ISSUED:
            credential.state = CredentialState.ACTIVE.value
            credential.activated_at = row.settled_at
            rows.append(credential)
    outbox.commit(*rows)
