"""An estate of some flats whose owners decide, over HTTP, while time stands where it is put."""

import itertools
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from chalicelib.assemblies.public import procedure
from chalicelib.core import clock
from chalicelib.identity import public as identity
from chalicelib.identity.rules.organisation import Level
from chalicelib.identity.rules.people import Tie
from chalicelib.voting.events import RollAsked
from chalicelib.voting.service import rolls
from tests.functions.conftest import delivered, woken

TODAY = procedure.day_of(clock.now())
OPENS_ON, CLOSES_ON = TODAY + timedelta(days=20), TODAY + timedelta(days=30)
ITEM = {"number": 5, "title": "电梯更换", "text": "使用维修资金更换电梯。"}
_keys = itertools.count()


def on(day: date, hour: int = 9) -> AbstractContextManager[None]:
    """Let the server's clock stand at an hour of a day of China."""
    return clock.standing_at(procedure.start_of(day) + timedelta(hours=hour))


@dataclass
class Assembly:
    """Flats `1-1`, `1-2`, … of an estate under a county of its own; `per_1` owns `1-1`."""

    http: Callable[..., Any]
    sign: Callable[..., str]
    community: str
    flats: int = 6

    def __post_init__(self) -> None:
        county = identity.plant(Level.COUNTY, "区")
        self.street = identity.plant(Level.STREET, "街道", parent=county)
        below = identity.plant(Level.NEIGHBOURHOOD, "社区", parent=self.street)
        identity.found_community(self.community, "和苑", parent=below)
        self.path = f"{below}/{self.community}"
        for number in range(1, self.flats + 1):
            self.settle(f"per_{number}", self.flat(number))

    def flat(self, number: int, area: int = 10_000) -> str:
        unit_id = f"u{number:03}"
        place = identity.Place("1号楼", "1单元", str(number), area + number)
        identity.add_unit(self.community, unit_id, f"1-{number}", at=place)
        return unit_id

    def settle(self, person: str, unit_id: str, tie: Tie = Tie.OWNER) -> None:
        identity.register_person(self.community, name=person, person_id=person)
        identity.move_in(self.community, unit_id, person, tie)

    # -- who asks -----------------------------------------------------------------------------

    def resident(self, person: str, method: str, path: str, body: Any = None, **more: Any) -> Any:
        return self._ask(self._token(person, "resident"), method, f"/resident{path}", body, more)

    def chair(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        token = self._token("per_chair", "committee", "committee_chair", node=self.path)
        return self._ask(token, method, f"/committee{path}", body, more)

    def officer(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        token = self._token("per_office", "government", "street_officer", node=self.street)
        path += ("&" if "?" in path else "?") + f"community_id={self.community}"
        if method == "GET":
            return self._ask(token, method, f"/government{path}", body, more)
        body = {"community_id": self.community, **(body or {})}
        return self._ask(token, method, f"/government{path.partition('?')[0]}", body, more)

    def _token(self, person: str, audience: str, role: str = "", **claims: Any) -> str:
        now = int(clock.now().timestamp())
        claims |= {"iat": now, "exp": now + 600, "roles": [role or audience]}
        community = "" if audience == "government" else self.community
        return self.sign(community, person, audience=audience, **claims)

    def _ask(self, token: str, method: str, path: str, body: Any, more: dict[str, Any]) -> Any:
        if method == "POST":
            more.setdefault("idempotency_key", f"key-{self.community}-{next(_keys):08}")
        return self.http(method, path, body, token=token, **more)

    # -- what is done often -------------------------------------------------------------------

    def wish(self, **more: Any) -> dict[str, Any]:
        days = {"opens_on": OPENS_ON.isoformat(), "closes_on": CLOSES_ON.isoformat()}
        return {"title": "业主大会", "items": [ITEM], **days, **more}

    def drafted(self, **more: Any) -> str:
        reply = self.chair("POST", "/votes", self.wish(**more))
        assert reply.status == 200, reply.body
        return str(reply.body["vote_id"])

    def frozen(self, **more: Any) -> str:
        vote_id = self.drafted(**more)
        assert self.chair("POST", f"/votes/{vote_id}/roll", {}).status == 200
        self.freeze(vote_id)
        return vote_id

    def noticed(self, **more: Any) -> str:
        vote_id = self.frozen(**more)
        reply = self.chair("POST", f"/votes/{vote_id}/notice", {})
        assert reply.status == 200, reply.body
        return vote_id

    def opened(self, **more: Any) -> str:
        vote_id = self.noticed(**more)
        self.tick(OPENS_ON)
        assert self.show(vote_id)["state"] == "OPEN"
        return vote_id

    def freeze(self, roll_id: str) -> None:
        """Let the function that hears of rolls do its work."""
        told = woken("freeze_rolls", delivered(RollAsked(self.community, roll_id)))
        assert told == {"batchItemFailures": []}

    def tick(self, day: date, hour: int = 1) -> int:
        """Let the minute's schedule run on a day."""
        with on(day, hour):
            return int(woken("move_votes", {}))

    def show(self, vote_id: str) -> dict[str, Any]:
        return dict(self.chair("GET", f"/votes/{vote_id}").body)

    def lines(self, vote_id: str) -> dict[str, Any]:
        found = rolls.lines_of(f"{self.community}#{vote_id}")
        return {line.group: line for line in found}


def moment(said: str) -> datetime:
    return datetime.fromisoformat(said)
