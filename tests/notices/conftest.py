"""A flat whose adults signed in by WeChat, and a ring at its gate."""

import dataclasses
import uuid
from datetime import timedelta

import pytest

from chalicelib.access.events import CallRung
from chalicelib.core import clock
from chalicelib.core.auth import Caller
from chalicelib.core.table import tenant_key
from chalicelib.devices import public as devices
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.identity import public as identity
from chalicelib.identity.rules.people import Tie
from chalicelib.identity.service import sign_in
from chalicelib.identity.service.organisation import Place
from chalicelib.notices.rules.consents import Choice
from chalicelib.notices.service import consents
from chalicelib.notices.tables.notices import Notice
from simulators.wechat.state import WeChat

TEMPLATE = "tmpl-ring"
SEND = "/cgi-bin/message/subscribe/send"
TOKEN = "/cgi-bin/stable_token"


@dataclasses.dataclass
class Flat:
    community: str
    gate: str
    wechat: WeChat
    openids: dict[str, str] = dataclasses.field(default_factory=dict)

    def caller(self, person: str) -> Caller:
        return Caller(person, self.community, "resident", ("resident",), 2**40)

    def link(self, person: str) -> None:
        """Sign somebody in by WeChat for the first time."""
        phone, openid = f"139{uuid.uuid4().int % 10**8:08}", f"o_{uuid.uuid4().hex}"
        identity.register_person(self.community, name=person, phone=phone, person_id=person)
        ticket = sign_in.sign_in(self.wechat.login_code(openid)).ticket
        assert ticket is not None
        sign_in.add_phone(ticket, self.wechat.phone_code(phone), community_id=self.community)
        self.openids[person] = openid

    def agree(self, person: str, times: int = 1) -> None:
        """Agree to messages: on the phone, and so reported by the mini-program."""
        for _ in range(times):
            self.wechat.consent(self.openids[person], TEMPLATE)
            consents.answer(self.caller(person), {TEMPLATE: Choice.ACCEPT})

    def left(self, person: str) -> int:
        (one,) = consents.subscriptions(self.caller(person)).items
        return one.left

    def rung(self, *people: str, ago_s: float = 0, lives_s: float = 30) -> CallRung:
        at = clock.now() - timedelta(seconds=ago_s)
        return CallRung(
            community_id=self.community,
            call_id=f"call_{uuid.uuid4().hex}",
            unit_id="u1",
            gate_id=self.gate,
            panel_id="panel",
            answerers=people,
            rung_at=at,
            expires_at=at + timedelta(seconds=lives_s),
        )

    def notices(self, person: str) -> list[Notice]:
        return list(Notice.query(tenant_key(self.community, person), consistent_read=True))

    def became(self, person: str) -> list[tuple[str, str | None]]:
        return [(row.state, row.reason) for row in self.notices(person)]

    def got(self, person: str) -> list[dict[str, str]]:
        """Return the words of the messages on somebody's phone."""
        openid = self.openids[person]
        mine = [one for one in self.wechat.sent if one["touser"] == openid]
        return [{name: word["value"] for name, word in one["data"].items()} for one in mine]


@pytest.fixture
def flat(cloud: None, community: str, wechat: WeChat) -> Flat:
    wechat.faults.clear()
    identity.found_community(community, "和苑")
    identity.add_unit(community, "u1", "u1", at=Place("1号楼", "1单元", "101", 8000))
    gate = devices.enrol(community, Kind.GATE, place_id="east", name="东门")
    made = Flat(community, gate.device_id, wechat)
    for person, tie in {"per_1": Tie.OWNER, "per_2": Tie.FAMILY}.items():
        made.link(person)
        identity.move_in(community, "u1", person, tie)
    return made
