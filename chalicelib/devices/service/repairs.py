"""What staff do about devices: repair and dismiss their faults, put them in maintenance."""

from collections.abc import Callable
from datetime import datetime, timedelta

from chalicelib.core import clock
from chalicelib.core.auth import Caller
from chalicelib.core.errors import NotFound, Unprocessable
from chalicelib.core.logs import logger
from chalicelib.devices.events import DeviceMaintained
from chalicelib.devices.rules import repairs as rules
from chalicelib.devices.rules.health import Course, Health, HealthState, Judged
from chalicelib.devices.rules.registry import Standing
from chalicelib.devices.rules.silence import Sight
from chalicelib.devices.service import checkups
from chalicelib.devices.service.checkups import FaultView, HealthView
from chalicelib.devices.service.courses import Cause, turned
from chalicelib.devices.service.registry import seen_by
from chalicelib.devices.tables.faults import DeviceFault

LONGEST_MAINTENANCE = timedelta(days=30)

Move = Callable[[Health, Course, int], Judged]


def begin_repair(caller: Caller, device_id: str, fault_id: str, note: str) -> FaultView:
    """Note that somebody works on an order; once more changes nothing.

    Raises NotFound `no_such_device`, `no_such_fault`, Unprocessable `no_such_move`,
    `fault_closed`.
    """
    return _moved(caller, device_id, fault_id, note, HealthState.REPAIRING)


def end_repair(caller: Caller, device_id: str, fault_id: str, note: str) -> FaultView:
    """Note that an order's work is done: the device is observed before the order ends."""
    return _moved(caller, device_id, fault_id, note, HealthState.VERIFYING)


MOVES = {HealthState.REPAIRING: rules.begun, HealthState.VERIFYING: rules.mended}


def _moved(
    caller: Caller, device_id: str, fault_id: str, note: str, state: HealthState
) -> FaultView:
    def move(health: Health, course: Course, at: int) -> Judged:
        if course.state is state:
            return Judged(health)
        if code := rules.move_refusal(course, state):
            raise Unprocessable(code, "该故障单当前状态不允许此操作")
        return MOVES[state](health, course, at)

    return _by_hand(caller, device_id, fault_id, note, move)


def dismiss(caller: Caller, device_id: str, fault_id: str, note: str) -> FaultView:
    """Note that an order was a false alarm: it ends, and counts in its vendor's report.

    Raises as `begin_repair` does; once more changes nothing.
    """
    device = seen_by(caller, device_id)
    order = DeviceFault.of(device.community_id, device_id, fault_id)
    if order is not None and order.outcome == "false_alarm":
        return checkups.fault_view(order)
    return _by_hand(caller, device_id, fault_id, note, rules.dismissed)


def _by_hand(caller: Caller, device_id: str, fault_id: str, note: str, move: Move) -> FaultView:
    seen_by(caller, device_id)

    def change(health: Health, sight: Sight) -> Judged:
        for course in health.courses.values():
            if course.order == fault_id:
                return move(health, course, sight.at)
        raise _no_open_fault(caller.community_id, device_id, fault_id)

    cause = Cause(by=caller.subject_id, note=note)
    turned(caller.community_id, device_id, change, cause=cause)
    order = DeviceFault.of(caller.community_id, device_id, fault_id)
    if order is None:
        raise _no_open_fault(caller.community_id, device_id, fault_id)
    return checkups.fault_view(order)


def _no_open_fault(community_id: str, device_id: str, fault_id: str) -> NotFound | Unprocessable:
    if DeviceFault.of(community_id, device_id, fault_id) is None:
        return NotFound("no_such_fault", "没有找到该故障单")
    return Unprocessable("fault_closed", "该故障单已关闭")


def maintain(caller: Caller, device_id: str, until: datetime | None, reason: str) -> HealthView:
    """Put a device in maintenance until then, or end that now (None): it raises no faults.

    Raises NotFound `no_such_device`, Unprocessable `window_over` or `window_too_long`.
    """
    device, at = seen_by(caller, device_id), clock.now()
    if device.standing == Standing.RETIRED:
        raise NotFound("no_such_device", "没有找到该设备")
    if until is not None and until <= at:
        raise Unprocessable("window_over", "维护截止时间已过")
    if until is not None and until > at + LONGEST_MAINTENANCE:
        raise Unprocessable("window_too_long", "维护时间最长 30 天")
    fact = DeviceMaintained(
        community_id=device.community_id,
        device_id=device_id,
        kind=device.kind,
        place_id=device.place_id,
        maintained_until=until,
        reason=reason,
        ordered_by=caller.subject_id,
        ordered_at=at,
    )
    cause = Cause(by=caller.subject_id, note=reason, facts=(fact,), maintains=True, looks=True)
    turned(caller.community_id, device_id, _window(until), cause=cause)
    told = {"device": device_id, "by": caller.subject_id, "until": str(until), "reason": reason}
    logger().info("device maintained", extra=told)
    return checkups.show(caller, device_id)


def _window(until: datetime | None) -> Callable[[Health, Sight], Judged]:
    def change(health: Health, sight: Sight) -> Judged:
        if until is not None:
            return rules.paused(health, sight.at, clock.epoch_ms(until))
        return rules.resumed(health, sight.at) if health.maintained_until else Judged(health)

    return change
