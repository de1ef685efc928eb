"""What kinds of devices there are: what each reports, understands, measures, and does alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What a device is."""

    BARRIER = "barrier"
    BIN = "bin"
    CAMERA = "camera"
    CHARGER = "charger"
    DOOR = "door"
    ENVIRONMENT_SENSOR = "environment_sensor"
    GAS_SENSOR = "gas_sensor"
    GATE = "gate"
    GATEWAY = "gateway"
    LAMP_POLE = "lamp_pole"
    LIFT_CAMERA = "lift_camera"
    LIFT_CONTROLLER = "lift_controller"
    LOCK = "lock"
    LOUDSPEAKER = "loudspeaker"
    METER = "meter"
    PANEL = "panel"
    PLATE_CAMERA = "plate_camera"
    SCREEN = "screen"
    SMOKE_SENSOR = "smoke_sensor"
    VALVE = "valve"
    VENDING_MACHINE = "vending_machine"
    WATER_SENSOR = "water_sensor"
    WRISTBAND = "wristband"


class Offline(StrEnum):
    """What a device does by itself while it does not reach us."""

    LOCAL_LIST = "local_list"
    """Decides by the signed allow-list that it holds, until that list's life ends."""
    LOCAL_ALARM = "local_alarm"
    """Sounds or acts on the spot; reports when it is back."""
    RELEASES = "releases"
    """Lets go of what it was told to hold when its time is over."""
    FINISHES = "finishes"
    """Ends what is under way at its own limit and starts nothing new."""
    BUFFERS = "buffers"
    """Goes on measuring and reports when it is back, with the times of then."""
    IDLES = "idles"
    """Does nothing without us."""


@dataclass(frozen=True)
class Op:
    """A command that some kinds of devices understand; it is void `ttl` after its sending."""

    name: str
    kinds: frozenset[Kind]
    ttl: timedelta


@dataclass(frozen=True)
class Profile:
    """What is declared of a kind of device.

    `events` are the types that it reports beside those of every device; `telemetry` maps a
    quantity to its SenML unit (RFC 8428, the unit `1` for counts and ratios); `heartbeat` is
    how often it is heard at the least while it works.
    """

    kind: Kind
    name: str
    offline: Offline
    heartbeat: timedelta
    events: frozenset[str] = frozenset()
    telemetry: Mapping[str, str] | None = None

    @property
    def ops(self) -> tuple[Op, ...]:
        """Return the commands that it understands, by name."""
        return tuple(op for op in OPS.values() if self.kind in op.kinds)


OF_ALL = frozenset(
    {"device.heartbeat", "device.started", "device.fault", "device.restored", "device.telemetry"}
)
"""What every device may report of itself."""

_LISTED = frozenset({"access.list_applied"})
"""What whoever decides by a list says of it."""

_ENROLS = frozenset({"credential.enrolled", "credential.enrol_failed", "credential.withdrawn"})
"""What whoever keeps faces and fingers says of one: whether it has it, never what it is."""

_PASSAGES = _LISTED | _ENROLS | {"access.passed", "access.refused", "door.forced", "door.held_open"}
_SOON, _WIRED, _DAILY = timedelta(minutes=1), timedelta(minutes=5), timedelta(hours=24)
_POWER = {"active_power": "W", "energy": "Wh", "voltage": "V", "current": "A"}

PROFILES: Mapping[Kind, Profile] = {
    profile.kind: profile
    for profile in (
        Profile(Kind.GATE, "人行门", Offline.LOCAL_LIST, _SOON, _PASSAGES),
        Profile(Kind.DOOR, "单元门", Offline.LOCAL_LIST, _SOON, _PASSAGES),
        Profile(Kind.LOCK, "智能锁", Offline.LOCAL_LIST, timedelta(hours=1), _PASSAGES),
        Profile(Kind.PANEL, "可视门口机", Offline.LOCAL_LIST, _SOON, _PASSAGES | {"panel.call"}),
        Profile(Kind.BARRIER, "道闸", Offline.LOCAL_LIST, _SOON, _LISTED | {"barrier.moved"}),
        Profile(
            Kind.PLATE_CAMERA, "车牌识别相机", Offline.BUFFERS, _SOON, frozenset({"vehicle.passed"})
        ),
        Profile(
            Kind.LIFT_CONTROLLER,
            "电梯控制器",
            Offline.RELEASES,
            _SOON,
            _LISTED | {"lift.trapped", "lift.moved"},
        ),
        Profile(
            Kind.LIFT_CAMERA, "轿厢摄像机", Offline.BUFFERS, _SOON, frozenset({"lift.sighting"})
        ),
        Profile(Kind.CAMERA, "摄像机", Offline.BUFFERS, _SOON, frozenset({"camera.sighting"})),
        Profile(
            Kind.BIN,
            "分类垃圾箱",
            Offline.BUFFERS,
            _WIRED,
            frozenset({"bin.opened", "bin.deposited", "bin.level"}),
            {"fullness": "/", "temperature": "Cel", "weight": "kg"},
        ),
        Profile(
            Kind.VENDING_MACHINE,
            "兑换机",
            Offline.IDLES,
            _WIRED,
            frozenset({"vending.dispensed", "vending.jammed"}),
            {"temperature": "Cel"},
        ),
        Profile(
            Kind.CHARGER,
            "充电桩",
            Offline.FINISHES,
            _SOON,
            frozenset({"charger.status", "charger.started", "charger.stopped"}),
            {**_POWER, "temperature": "Cel"},
        ),
        Profile(
            Kind.METER,
            "远传表",
            Offline.BUFFERS,
            _DAILY,
            telemetry={**_POWER, "volume": "m3", "flow": "m3/s"},
        ),
        Profile(
            Kind.SMOKE_SENSOR,
            "烟感",
            Offline.LOCAL_ALARM,
            _DAILY,
            frozenset({"smoke.detected", "smoke.cleared"}),
            {"smoke": "%obsc/m", "temperature": "Cel", "battery": "%EL"},
        ),
        Profile(
            Kind.GAS_SENSOR,
            "燃气报警器",
            Offline.LOCAL_ALARM,
            _WIRED,
            frozenset({"gas.detected", "gas.cleared"}),
            {"gas": "%LEL", "battery": "%EL"},
        ),
        Profile(
            Kind.WATER_SENSOR,
            "水浸传感器",
            Offline.LOCAL_ALARM,
            _DAILY,
            frozenset({"water.detected", "water.cleared"}),
            {"level": "m", "battery": "%EL"},
        ),
        Profile(
            Kind.WRISTBAND,
            "手环",
            Offline.BUFFERS,
            timedelta(minutes=15),
            frozenset({"sos.pressed", "wristband.fell", "wristband.removed"}),
            {"heart_rate": "beat/min", "blood_oxygen": "%", "steps": "1", "battery": "%EL"},
        ),
        Profile(
            Kind.ENVIRONMENT_SENSOR,
            "环境监测站",
            Offline.BUFFERS,
            _WIRED,
            telemetry={
                "temperature": "Cel",
                "humidity": "%RH",
                "pm2_5": "ug/m3",
                "pm10": "ug/m3",
                "noise": "dB",
                "wind_speed": "m/s",
            },
        ),
        Profile(Kind.LAMP_POLE, "智慧灯杆", Offline.FINISHES, _WIRED, telemetry=_POWER),
        Profile(Kind.VALVE, "阀门", Offline.LOCAL_ALARM, _WIRED, frozenset({"valve.moved"})),
        Profile(Kind.LOUDSPEAKER, "广播音柱", Offline.IDLES, _WIRED, frozenset({"speaker.said"})),
        Profile(Kind.SCREEN, "信息屏", Offline.FINISHES, _WIRED, frozenset({"screen.shown"})),
        Profile(
            Kind.GATEWAY, "边缘网关", Offline.BUFFERS, _SOON, frozenset({"gateway.power_lost"})
        ),
    )
}


def _ops(seconds: int, *kinds: Kind, names: tuple[str, ...]) -> tuple[Op, ...]:
    return tuple(Op(name, frozenset(kinds), timedelta(seconds=seconds)) for name in names)


TAKERS: Final = frozenset({Kind.GATE, Kind.DOOR, Kind.PANEL, Kind.LOCK})
"""What may take somebody's face or finger."""

DOORS: Final = TAKERS | {Kind.BARRIER, Kind.LIFT_CONTROLLER}
"""What lets somebody through: it may ask us, hold a list, and nothing else may."""

OPS: Mapping[str, Op] = {
    op.name: op
    for op in (
        *_ops(5, Kind.GATE, names=("gate.open",)),
        *_ops(5, Kind.DOOR, Kind.PANEL, names=("door.open",)),
        *_ops(5, Kind.LOCK, names=("lock.open",)),
        *_ops(5, Kind.BARRIER, names=("barrier.open",)),
        *_ops(10, Kind.LIFT_CONTROLLER, names=("lift.hold", "lift.release", "lift.call")),
        *_ops(10, Kind.BIN, names=("bin.open",)),
        *_ops(10, Kind.CAMERA, Kind.LIFT_CAMERA, names=("camera.snapshot",)),
        *_ops(10, Kind.VALVE, names=("valve.open", "valve.close")),
        *_ops(30, Kind.CHARGER, names=("charger.start", "charger.stop")),
        *_ops(30, Kind.VENDING_MACHINE, names=("vending.dispense",)),
        *_ops(30, Kind.LOUDSPEAKER, Kind.LAMP_POLE, names=("speaker.say",)),
        *_ops(30, Kind.SCREEN, Kind.LAMP_POLE, names=("screen.show",)),
        *_ops(30, Kind.LAMP_POLE, names=("lamp.set",)),
        *_ops(30, *DOORS, names=("access.sync",)),
        *_ops(30, *TAKERS, names=("credential.enrol", "credential.withdraw")),
        *_ops(30, *Kind, names=("device.restart",)),
    )
}
"""Lives of commands (DEVICES.md): what lets somebody in has the shortest."""

NOT_BY_HAND: Final = frozenset({"access.sync", "credential.enrol", "credential.withdraw"})
"""What only the system orders: a face that is taken has its row and its consent."""

EVENTS: Mapping[str, frozenset[Kind]] = {
    event: frozenset(
        profile.kind for profile in PROFILES.values() if event in OF_ALL | profile.events
    )
    for event in sorted(OF_ALL.union(*(profile.events for profile in PROFILES.values())))
}
"""Which kinds report a type of event."""

CALLS_FOR_HELP = frozenset({"sos.pressed", "wristband.fell", "lift.trapped"})
"""A person is waiting for somebody to come."""

ALARMS = frozenset({"smoke.detected", "gas.detected"})
"""What a sensor cries about, at times without end and for no reason."""

URGENT = CALLS_FOR_HELP | ALARMS
"""Event types with queues and reserved concurrency of their own (SECURITY.md 18)."""

HEARTBEAT, TELEMETRY = "device.heartbeat", "device.telemetry"

QUIET = frozenset({HEARTBEAT, TELEMETRY})
"""Recorded and observed, but announced to nobody: they come all day from everything."""


def is_announced(event_type: str) -> bool:
    """Return whether others hear of an event: not of the quiet, nor of what nobody declared."""
    return event_type in EVENTS and event_type not in QUIET


def event_refusal(kind: str, event_type: str) -> str | None:
    """Return why a device of this kind may not report this, or None.

    `not_of_this_kind`: a gate that rings. A type that nobody declared is not refused: it is
    kept and counted, so that a device newer than this software loses nothing.
    """
    kinds = EVENTS.get(event_type)
    return None if kinds is None or kind in kinds else "not_of_this_kind"
