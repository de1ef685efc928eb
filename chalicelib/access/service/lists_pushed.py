"""Doors told that their list has changed, until they have applied it; and what they answer."""

from datetime import datetime

from chalicelib.access.events import AllowListChanged, CredentialIssued
from chalicelib.access.rules import allow_lists as rules
from chalicelib.access.rules import credentials
from chalicelib.access.rules.credentials import OnDevice
from chalicelib.access.service import enrolments, strays, withdrawals
from chalicelib.access.tables.allow_lists import DoorList
from chalicelib.access.tables.credentials import Credential, Enrolment
from chalicelib.core import clock, ids, outbox, sweep
from chalicelib.core.errors import Conflict, Refusal
from chalicelib.core.logs import logger
from chalicelib.core.table import shard_of, tenant_key
from chalicelib.devices import public as devices
from chalicelib.devices.events import DeviceEventRecorded

TRIES = 4
APPLIED, ENROLLED = "access.list_applied", "credential.enrolled"


def push(event: AllowListChanged) -> None:
    """Tell the doors that a change concerns to fetch their list; one that was told, not again.

    Of what was removed, also doors that hold it although they were moved elsewhere.
    """
    found = {door.device_id for door in devices.doors_at(event.community_id, [event.path])}
    if event.removed:
        found |= {row.device_id for row in DoorList.holders(event.community_id, event.path)}
    for device_id in sorted(found):
        if not event.doors or device_id in event.doors:
            _push(event.community_id, device_id, event.number, event.changed_at)


def _push(community_id: str, device_id: str, version: int, since: datetime) -> None:
    """Tell one door of a version, unless it was told of that or a later one.

    One that was told a moment ago, and has not fetched since, gets this version by that fetch.
    """
    key = tenant_key(community_id, device_id)
    for attempt in range(TRIES):
        row = DoorList.of(key) or DoorList(
            door_key=key, community_id=community_id, device_id=device_id
        )
        if row.wanted >= version or row.applied >= version:
            return
        under_way = _is_under_way(row, clock.now())
        row.wanted = version
        row.since = row.since or clock.epoch_ms(since)
        try:
            if under_way:
                outbox.commit(row)
            else:
                row.tellings = 0
                _tell(row)
        except Conflict:
            if attempt == TRIES - 1:
                raise
        else:
            return


def _is_under_way(row: DoorList, at: datetime) -> bool:
    """Return whether a door has still to fetch for what it was told within the last moment."""
    if row.due_at is None or row.fetched >= row.wanted:
        return False
    told = clock.from_epoch_ms(int(row.due_at)) - rules.again_after(int(row.tellings))
    return at - told < rules.FIRST_AGAIN


def _tell(row: DoorList) -> None:
    """Tell a door to fetch; without a receipt it is told again, later each time."""
    at = clock.now()
    row.tellings = int(row.tellings) + 1
    row.shard = shard_of("door-list", row.device_id)
    row.due_at = clock.epoch_ms(at + rules.again_after(int(row.tellings)))
    wanted = int(row.wanted)
    try:
        command = devices.prepare(
            row.community_id,
            row.device_id,
            "access.sync",
            {"version": wanted},
            command_id=ids.derived(
                "cmd", "access.sync", row.door_key, str(wanted), str(row.tellings)
            ),
            cause=devices.Cause(f"list_{wanted}", enrolments.BY),
        )
    except Refusal as refusal:
        logger().info("door not told", extra={"device": row.device_id, "reason": refusal.code})
        row.shard = row.due_at = None  # retired, or without a key to sign with: it holds no list
        outbox.commit(row)
        return
    outbox.commit(row, command)
    devices.dispatch(command)


def enrol(event: CredentialIssued) -> None:
    """Tell the devices that are to take a face or finger."""
    for row in Enrolment.of_credential(event.community_id, event.credential_id):
        if row.state == OnDevice.ENROL_SENT and not row.tellings:
            enrolments.pursue(row)


def resend(*, at: datetime | None = None, limit: int = 200) -> int:
    """Tell again whoever owes a receipt, doors and devices; return how many."""
    at = at or clock.now()
    told = sweep.each(list(DoorList.overdue(at, limit)), _resend_list)
    return told + sweep.each(list(Enrolment.overdue(at, limit)), _resend_credential)


def _resend_list(key: str) -> bool:
    row = DoorList.of(key)
    if row is None or row.shard is None:
        return False
    _tell(row)
    return True


def _resend_credential(key: tuple[str, str]) -> bool:
    row = Enrolment.find(*key)
    if row is None or not row.is_awaited:
        return False
    enrolments.pursue(row)
    withdrawals.complete(row.community_id, row.person_id, row.credential_id)
    return True


# -- receipts ----------------------------------------------------------------------------------


def hear(event: DeviceEventRecorded) -> None:
    """Take down a device's receipt, however late: it says what is in the device."""
    if event.type == APPLIED:
        _applied(event)
        return
    credential_id = str(event.data.get("credential_id", "-"))
    row = Enrolment.find(tenant_key(event.community_id, credential_id), event.device_id)
    state, before = credentials.RECEIPTS[event.type]
    if event.type == ENROLLED and (row is None or row.state == OnDevice.WITHDRAWN):
        _take_back(event, row, credential_id)
        return
    if row is None or OnDevice(row.state) not in before:
        logger().info("receipt of nothing", extra={"device": event.device_id, "type": event.type})
        return
    enrolments.settle(row, state, str(event.data.get("reason", ""))[:64])
    if state is OnDevice.WITHDRAWN:
        withdrawals.complete(row.community_id, row.person_id, row.credential_id)


def _take_back(event: DeviceEventRecorded, row: Enrolment | None, credential_id: str) -> None:
    """Take back what a device took that it was never, or is no more, to have."""
    if row is None:
        strays.recall(event, credential_id)
        return
    credential = Credential.of(row.community_id, row.person_id, row.credential_id)
    if credential is not None:
        credential.completed_at = None
    withdrawals.recalled(row, clock.now())
    outbox.commit(row, *([credential] if credential is not None else []))
    enrolments.pursue(row)


def _applied(event: DeviceEventRecorded) -> None:
    """Note the version that a door decides by; more than it was given is not believed."""
    version = event.data.get("version")
    row = DoorList.of(tenant_key(event.community_id, event.device_id))
    if row is None or not isinstance(version, int) or not row.applied < version <= row.fetched:
        logger().info("list not applied", extra={"device": event.device_id})
    else:
        row.apply(version, clock.epoch_ms(event.received_at))
        outbox.commit(row)
    for owed in Enrolment.awaited_of(event.community_id, event.device_id):
        fresh = Enrolment.find(owed.credential_key, owed.device_id)
        if fresh is None or not fresh.is_awaited or not fresh.is_listed:
            continue
        if row is not None and row.applied >= fresh.list_version:
            enrolments.settle(fresh, OnDevice.WITHDRAWN)
            withdrawals.complete(fresh.community_id, fresh.person_id, fresh.credential_id)
