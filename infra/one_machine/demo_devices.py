"""The demo's devices: those of both journeys, some of other kinds, one for each adapter."""

from dataclasses import dataclass, field
from typing import Any

from chalicelib.devices.public import Hardware, Kind

GATES = 20
"""As many as the tap benchmark commands at once."""


@dataclass(frozen=True)
class Installed:
    """A device and where it stands; `spot` is building, entrance and room as people name them.

    `adapter` is by which vendor's format it speaks, with `settings` if there must be any.
    """

    device_id: str
    kind: Kind
    place_id: str
    name: str
    spot: tuple[str, str, str] = ("", "", "")
    hardware: Hardware = field(default_factory=Hardware)
    gateway_id: str = ""
    adapter: str = ""
    settings: dict[str, Any] = field(default_factory=dict)


_HALL = ("1号楼", "1单元", "")
_FLAT = ("1号楼", "1单元", "101")
_LORA, _CLOUD = "heyuan-lora-gateway", "heyuan-tuya-gateway"

HEYUAN: tuple[Installed, ...] = (
    Installed("heyuan-panel-1", Kind.PANEL, "heyuan-entrance-01", "东门可视门口机"),
    Installed("heyuan-lift-camera-1", Kind.LIFT_CAMERA, "heyuan-lift-1", "1号梯轿厢摄像机", _HALL),
    Installed("heyuan-lift-1", Kind.LIFT_CONTROLLER, "heyuan-lift-1", "1号梯控制器", _HALL),
    *(
        Installed(f"heyuan-gate-{number:02}", Kind.GATE, "heyuan-entrance-01", f"{number}号门")
        for number in range(1, GATES + 1)
    ),
    Installed("heyuan-west-gate-01", Kind.GATE, "heyuan-entrance-02", "西门"),
    Installed("heyuan-barrier-1", Kind.BARRIER, "heyuan-lane-1", "东门入口道闸"),
    Installed("heyuan-meter-1", Kind.METER, "heyuan-1-101", "101 电表", _FLAT),
    Installed("heyuan-smoke-1", Kind.SMOKE_SENSOR, "heyuan-1-1-hall", "1单元大堂烟感", _HALL),
    Installed("heyuan-wristband-1", Kind.WRISTBAND, "heyuan-1-102", "长者手环 1号"),
    Installed("heyuan-charger-1", Kind.CHARGER, "heyuan-shed-1", "车棚充电桩"),
    Installed("heyuan-speaker-1", Kind.LOUDSPEAKER, "heyuan-lift-1", "1号梯音柱", _HALL),
    Installed(
        "heyuan-plate-camera-1",
        Kind.PLATE_CAMERA,
        "heyuan-lane-1",
        "东门入口车牌识别相机",
        hardware=Hardware("海康威视", "iDS-TCM403", "HK-PLATE-0001"),
        adapter="hikvision_anpr",
    ),
    Installed(
        "heyuan-door-1",
        Kind.DOOR,
        "heyuan-1-1-door",
        "1号楼1单元门",
        _HALL,
        Hardware("海康威视", "DS-K1T671", "HK-DOOR-0001"),
        adapter="hikvision_access",
    ),
    Installed(
        "heyuan-plate-camera-2",
        Kind.PLATE_CAMERA,
        "heyuan-lane-2",
        "西门出口车牌识别相机",
        hardware=Hardware("大华", "ITC413", "DH-PLATE-0001"),
        adapter="dahua",
        settings={"approach": "out"},
    ),
    Installed(
        _LORA,
        Kind.GATEWAY,
        "heyuan-roof-1",
        "1号楼楼顶 LoRa 网关",
        ("1号楼", "", ""),
        Hardware("瑞科慧联", "WisGate Edge", "ac1f09fffe000001"),
        adapter="chirpstack",
    ),
    Installed(
        "heyuan-lora-smoke-1",
        Kind.SMOKE_SENSOR,
        "heyuan-1-1-floor-2",
        "2层走廊烟感",
        _HALL,
        Hardware("青萍", "LoRa 烟感", "24e124fffe000001"),
        _LORA,
    ),
    Installed(
        "heyuan-lora-water-1",
        Kind.METER,
        "heyuan-1-102",
        "102 水表",
        ("1号楼", "1单元", "102"),
        Hardware("宁波水表", "LXC-20 LoRa", "24e124fffe000002"),
        _LORA,
    ),
    Installed(
        _CLOUD,
        Kind.GATEWAY,
        "heyuan-tuya",
        "涂鸦云",
        hardware=Hardware("涂鸦", "云对接", "tuya-heyuan"),
        adapter="tuya",
        settings={"secret": "demo-access-secret-0123456789abcdef"},
    ),
    Installed(
        "heyuan-tuya-gas-1",
        Kind.GAS_SENSOR,
        "heyuan-1-101",
        "101 燃气报警器",
        _FLAT,
        Hardware("涂鸦", "燃气报警器", "bf0000000000000001"),
        _CLOUD,
    ),
    Installed(
        "heyuan-bin-1",
        Kind.BIN,
        "heyuan-bins-1",
        "东门分类垃圾箱",
        hardware=Hardware("本地厂商", "智能垃圾箱", "BIN-0001"),
        adapter="mapper",
        settings={
            "mapping": {
                "time": "ts",
                "readings": {
                    "fullness": {"path": "full", "factor": 0.01},
                    "weight": {"path": "kg"},
                },
            }
        },
    ),
)

LINYUAN: tuple[Installed, ...] = (
    Installed("linyuan-panel-1", Kind.PANEL, "linyuan-entrance-01", "南门可视门口机"),
    Installed("linyuan-gate-01", Kind.GATE, "linyuan-entrance-01", "南门"),
)
