"""Who and what the demo has: 3 estates in 2 streets, 600 rooms, and a person for every role."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from chalicelib.core.paths import community_in
from chalicelib.core.permissions import AUDIENCES
from chalicelib.identity.rules.organisation import Body, Level
from chalicelib.identity.rules.people import Tie
from chalicelib.identity.service.organisation import Place
from infra.one_machine import demo_devices
from infra.one_machine.demo_devices import Installed

COUNTY = "binjiang"
HEPING, XINHUA = f"{COUNTY}/heping", f"{COUNTY}/xinhua"
NEIGHBOURHOOD, OTHER_NEIGHBOURHOOD = f"{HEPING}/heping-1", f"{XINHUA}/xinhua-1"
HEYUAN_PATH, MEIYUAN_PATH = f"{NEIGHBOURHOOD}/heyuan", f"{NEIGHBOURHOOD}/meiyuan"
LINYUAN_PATH = f"{OTHER_NEIGHBOURHOOD}/linyuan"

NODES: tuple[tuple[Level, str, str], ...] = (
    (Level.COUNTY, COUNTY, "滨江区"),
    (Level.STREET, HEPING, "和平街道"),
    (Level.STREET, XINHUA, "新华街道"),
    (Level.NEIGHBOURHOOD, NEIGHBOURHOOD, "和平第一社区"),
    (Level.NEIGHBOURHOOD, OTHER_NEIGHBOURHOOD, "新华第一社区"),
)

BODIES: tuple[tuple[str, Body, str, str], ...] = (
    ("org-hemei", Body.COMPANY, "和美物业", HEYUAN_PATH),
    ("org-linfu", Body.COMPANY, "林府物业", LINYUAN_PATH),
    ("org-heyuan-committee", Body.COMMITTEE, "和苑业主委员会", HEYUAN_PATH),
    ("org-heping-police", Body.POLICE_STATION, "和平派出所", HEPING),
)
"""Meiyuan has no company: the grid worker and the street answer for it."""


@dataclass(frozen=True)
class Resident:
    """Somebody who lives in a flat; `token` is the key of their sign-in in demo.json."""

    token: str
    subject_id: str
    name: str
    unit_id: str
    tie: Tie = Tie.OWNER
    guardian_id: str | None = None


@dataclass(frozen=True)
class Official:
    """Somebody with a role at a node; `community_id` is the estate at or above it."""

    token: str
    subject_id: str
    name: str
    role: str
    node_path: str
    org_id: str = ""

    @property
    def audience(self) -> str:
        """Return the portal that the role is exercised through."""
        return AUDIENCES[self.role]

    @property
    def community_id(self) -> str:
        """Return the estate at or above the node, or nothing."""
        return community_in(self.node_path)


@dataclass(frozen=True)
class Estate:
    """One community with everything in it; `named` are flats that journeys know by id."""

    path: str
    name: str
    buildings: int
    entrances: int
    floors: int
    named: dict[str, Place]
    residents: tuple[Resident, ...]
    installed: tuple[Installed, ...] = field(default=())

    @property
    def community_id(self) -> str:
        """Return the tenant."""
        return self.path.rpartition("/")[2]

    def rooms(self) -> Iterator[Place]:
        """Yield every room that has no name of its own: two on each floor of an entrance."""
        taken = {(at.building, at.entrance, at.room) for at in self.named.values()}
        for building in range(1, self.buildings + 1):
            for entrance in range(1, self.entrances + 1):
                for floor in range(1, self.floors + 1):
                    for door, area in ((1, 8937), (2, 11250)):
                        at = Place(f"{building}号楼", f"{entrance}单元", f"{floor}0{door}", area)
                        if (at.building, at.entrance, at.room) not in taken:
                            yield at


HEYUAN = Estate(
    path=HEYUAN_PATH,
    name="和苑",
    buildings=5,
    entrances=2,
    floors=15,
    named={
        "heyuan-1-101": Place("1号楼", "1单元", "101", 8937),
        "heyuan-1-102": Place("1号楼", "1单元", "102", 11250),
    },
    residents=(
        Resident("resident", "person-lin", "林一", "heyuan-1-101"),
        Resident("housemate", "person-zhou", "周二", "heyuan-1-101", Tie.FAMILY),
        Resident("second_resident", "person-chen", "陈三", "heyuan-1-102"),
        Resident("child", "person-lin-xiao", "林小小", "heyuan-1-101", Tie.CHILD, "person-lin"),
        Resident("carer", "person-bai", "白护理", "heyuan-1-102", Tie.CARER),
    ),
    installed=demo_devices.HEYUAN,
)

LINYUAN = Estate(
    path=LINYUAN_PATH,
    name="林苑",
    buildings=5,
    entrances=2,
    floors=10,
    named={"linyuan-1-101": Place("1号楼", "1单元", "101", 8937)},
    residents=(Resident("foreign_resident", "person-he", "何四", "linyuan-1-101"),),
    installed=demo_devices.LINYUAN,
)

MEIYUAN = Estate(
    path=MEIYUAN_PATH,
    name="梅园",
    buildings=5,
    entrances=1,
    floors=10,
    named={"meiyuan-1-101": Place("1号楼", "1单元", "101", 8937)},
    residents=(Resident("unmanaged_resident", "person-mei", "梅五", "meiyuan-1-101"),),
)

ESTATES = (HEYUAN, LINYUAN, MEIYUAN)

OFFICIALS: tuple[Official, ...] = (
    Official("property", "person-wang", "王经理", "property_manager", HEYUAN_PATH, "org-hemei"),
    Official("property_clerk", "person-qian", "钱文员", "property_clerk", HEYUAN_PATH, "org-hemei"),
    Official("guard", "person-feng", "冯保安", "guard", HEYUAN_PATH, "org-hemei"),
    Official("worker", "person-chu", "褚师傅", "worker", HEYUAN_PATH, "org-hemei"),
    Official(
        "committee",
        "person-zhao",
        "赵委员",
        "committee_member",
        HEYUAN_PATH,
        "org-heyuan-committee",
    ),
    Official(
        "committee_chair",
        "person-wei",
        "卫主任",
        "committee_chair",
        HEYUAN_PATH,
        "org-heyuan-committee",
    ),
    Official("government", "person-sun", "孙网格", "grid_worker", HEYUAN_PATH),
    Official("grid_worker", "person-jiang", "蒋网格", "grid_worker", NEIGHBOURHOOD),
    Official("county_officer", "person-shen", "沈区长", "county_officer", COUNTY),
    Official("street_officer", "person-han", "韩街道", "street_officer", HEPING),
    Official("foreign_street_officer", "person-yang", "杨街道", "street_officer", XINHUA),
    Official(
        "neighbourhood_officer", "person-zhu", "朱社区", "neighbourhood_officer", NEIGHBOURHOOD
    ),
    Official(
        "police_officer", "person-qin", "秦民警", "police_officer", HEPING, "org-heping-police"
    ),
    Official("system_admin", "person-you", "尤系统", "system_admin", COUNTY),
    Official("security_admin", "person-xu", "许安全", "security_admin", COUNTY),
    Official("second_security_admin", "person-kong", "孔安全", "security_admin", COUNTY),
    Official("audit_admin", "person-cao", "曹审计", "audit_admin", COUNTY),
    Official(
        "foreign_property", "person-gao", "高经理", "property_manager", LINYUAN_PATH, "org-linfu"
    ),
)

ROLES = {"property_manager": "property", "committee_member": "committee"}
"""Roles whose sign-in has an older name as well."""
