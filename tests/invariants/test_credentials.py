"""I9 for credentials: what is withdrawn opens nothing, wherever the door is and whatever is lost.

A model of an estate: people are given cards and lose them, doors come and go, answers and
receipts are lost on their way. At every moment a door that decides by the version it applied
opens to exactly the cards of that version; where we are asked, to those of now; and in the end,
when nothing is lost any more, every withdrawal has its receipts.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from chalicelib.access import events as ours
from chalicelib.access import public as access
from chalicelib.access.rules.credentials import CredentialKind
from chalicelib.access.service import credential_views, credentials, marks
from chalicelib.access.service.credential_rows import Wish
from chalicelib.access.tables.allow_lists import ListHead
from chalicelib.access.tables.credentials import Credential, Mark
from chalicelib.core import clock
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Refusal
from chalicelib.core.outbox import OutboxRow
from chalicelib.core.table import tenant_key
from chalicelib.core.typed import adapter
from chalicelib.devices import public as devices
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.identity import events as theirs
from chalicelib.identity import public as identity
from chalicelib.identity.rules.people import Tie
from tests.access.cabins import Cabin, listening
from tests.invariants.store import in_memory

NUMBERS = ("1111AAAA", "2222BBBB", "3333CCCC")
HEARD: dict[str, Callable[[Any], None]] = {
    "access.AllowListChanged": access.push_lists,
    "access.CredentialIssued": access.enrol_credentials,
    "access.CredentialWithdrawn": access.recall_credentials,
    "identity.ResidencyEnded": access.withdraw_at_home,
}


class Door(Cabin):
    """Remembers which cards each version had that it applied; may lose what it would say."""

    def say(self, type_: str, **data) -> None:
        if not self.mute:
            access.hear_receipts(self.said(type_, **data))


class Estate(RuleBasedStateMachine):
    """One flat, two people, two doors, three cards."""

    def __init__(self) -> None:
        super().__init__()
        self.live: dict[str, str] = {}
        self.versions: dict[int, set[str]] = {0: set()}
        self.home = {"per_1", "per_2"}
        self.late_s = 0

    @initialize()
    def found(self) -> None:
        self.context = in_memory()
        self.memory = self.context.__enter__()
        identity.found_community("com", "和苑")
        at = identity.Place("1号楼", "1单元", "101", 8000)
        identity.add_unit("com", "u1", "u1", at=at)
        for person in sorted(self.home):
            identity.register_person("com", name=person, person_id=person)
            identity.move_in("com", "u1", person, Tie.OWNER)
        made = [
            devices.enrol("com", Kind.GATE, place_id=name, name=name, node_path="com")
            for name in ("东门", "西门")
        ]
        self.doors = [Door("com", one) for one in made]
        self.listening = listening(*self.doors)
        self.listening.__enter__()
        self.staff = Caller("per_m", "com", "property", ("property_manager",), 2**40)

    def teardown(self) -> None:
        try:
            if hasattr(self, "doors"):
                self.ends_well()
        finally:
            if hasattr(self, "doors"):
                self.listening.__exit__(None, None, None)
            if hasattr(self, "context"):
                self.context.__exit__(None, None, None)

    # -- what happens --------------------------------------------------------------------------

    @rule(number=st.sampled_from(NUMBERS), person=st.sampled_from(["per_1", "per_2"]))
    def give(self, number: str, person: str) -> None:
        wish = Wish("u1", CredentialKind.CARD, person_id=person, number=number)
        at_home, taken = person in self.home, number in self.live
        if at_home and not taken:
            self.live[number] = credentials.issue(self.staff, wish).credential_id
            return
        with pytest.raises(Refusal, match="card_taken" if at_home else "no_such_residency"):
            credentials.issue(self.staff, wish)

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.live)))
        credential_views.withdraw(self.staff, self.live.pop(number), "遗失")

    @rule(person=st.sampled_from(["per_1", "per_2"]))
    def move_out(self, person: str) -> None:
        if person in self.home:
            self.home.discard(person)
            identity.move_out("com", "u1", person)

    @rule(times=st.integers(1, 3))
    def deliver(self, times: int) -> None:
        """Let what was announced be heard, some of it more than once."""
        for row in [OutboxRow.from_raw_data(item) for item in self.memory.rows("outbox")]:
            if row.name in HEARD:
                for _ in range(times):
                    HEARD[row.name](fact_of(row))
            row.delete()
        self.live = {number: name for number, name in self.live.items() if _is_live(name)}

    @rule(number=st.integers(0, 1), online=st.booleans(), mute=st.booleans())
    def door_changes(self, number: int, *, online: bool, mute: bool) -> None:
        self.doors[number].online, self.doors[number].mute = online, mute

    @rule(number=st.integers(0, 1))
    def fetch_lost(self, number: int) -> None:
        """The door asks and never gets the answer."""
        door = self.doors[number]
        door.answer(door.held.version)

    @rule()
    def time_passes(self) -> None:
        self.resend(minutes=20)

    def resend(self, minutes: int) -> None:
        self.late_s += minutes * 60
        with clock.standing_at(_later(self.late_s)):
            access.resend_credentials()

    # -- what must hold ------------------------------------------------------------------------

    @invariant()
    def online_knows_at_once(self) -> None:
        if not hasattr(self, "doors"):
            return
        for number in NUMBERS:
            key = marks.mark_key("com", "card", marks.card_index("com", number))
            mark = Mark.find(key)
            assert (mark.credential_id if mark else None) == self.live.get(number)

    @invariant()
    def a_door_opens_to_the_cards_of_its_version(self) -> None:
        if not hasattr(self, "doors"):
            return
        newest = _newest()
        self.versions[newest] = set(self.live.values())
        for door in self.doors:
            known = self.versions.get(door.held.version)
            if known is not None:
                assert set(door.held.entries) == known

    @invariant()
    def completed_means_gone(self) -> None:
        if not hasattr(self, "doors"):
            return
        held = {name for door in self.doors for name in door.held.entries}
        for person in ("per_1", "per_2"):
            for row in Credential.query(tenant_key("com", person)):
                assert not row.completed_at or row.credential_id not in held

    def ends_well(self) -> None:
        for door in self.doors:
            door.online, door.mute = True, False
        self.deliver(1)
        for _ in range(6):
            self.resend(minutes=30)
            self.deliver(1)
        for door in self.doors:
            assert set(door.held.entries) <= set(self.live.values()), "nothing withdrawn is held"
        for person in ("per_1", "per_2"):
            for row in Credential.query(tenant_key("com", person)):
                assert row.state != "WITHDRAWN" or row.completed_at, "every door gave its receipt"


def fact_of(row: OutboxRow) -> object:
    """Return the fact of an outbox row that one of the reactions hears."""
    domain, _, name = row.name.partition(".")
    return adapter(getattr({"access": ours, "identity": theirs}[domain], name)).validate_json(
        row.body
    )


def _is_live(credential_id: str) -> bool:
    row = Credential.named("com", credential_id)
    return row is not None and row.state != "WITHDRAWN"


def _later(seconds: int) -> datetime:
    return clock.now() + timedelta(seconds=seconds)


def _newest() -> int:
    head = ListHead.find("com")
    return int(head.number) if head else 0


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")


TestEstate = Estate.TestCase
TestEstate.settings = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
