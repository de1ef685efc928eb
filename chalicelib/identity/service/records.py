"""What the company keeps of a person: registered, corrected (PIPL 46), unlinked from WeChat."""

from dataclasses import asdict, dataclass
from datetime import date

from chalicelib.core import clock, ids, outbox, revocations, sealing
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, NotFound, Unprocessable
from chalicelib.core.table import Row
from chalicelib.identity.events import PersonCorrected, WeChatUnlinked
from chalicelib.identity.rules.people import is_id_number
from chalicelib.identity.service import people, sight, sign_in
from chalicelib.identity.service.moves import HOMELESS_FOR
from chalicelib.identity.tables.people import Person, Phone


@dataclass(frozen=True)
class Registered:
    """A person who was registered."""

    person_id: str


@dataclass(frozen=True)
class Correction:
    """What is to be kept of a person from now; None leaves a field, an empty text clears it."""

    name: str | None = None
    phone: str | None = None
    id_number: str | None = None
    born: date | None = None


@dataclass(frozen=True)
class Corrected:
    """A person, and which fields were corrected."""

    person_id: str
    fields: list[str]


@dataclass(frozen=True)
class Unlinked:
    """A person whom no WeChat account signs in any more."""

    person_id: str


def register(caller: Caller, *, name: str, phone: str, id_number: str) -> Registered:
    """Register a person of the caller's community, who is forgotten if they find no home.

    Raises Unprocessable `bad_id_number`, Conflict `phone_taken`, `lost_race` if somebody
    else registers that number at this moment.
    """
    id_number = _checked(id_number)
    _require_free(caller.community_id, phone)
    registered = Registered(ids.new_id("per"))
    key, person, *claim = people.new_person(
        caller.community_id, registered.person_id, name=name, phone=phone, id_number=id_number
    )
    person.leaves(clock.now() + HOMELESS_FOR)
    outbox.commit(key, person, *claim, answer=registered)
    return registered


def correct(caller: Caller, person_id: str, correction: Correction) -> Corrected:
    """Correct what is kept of a person: name, phone, ID number, birthday.

    A phone goes from the old number to the new in one transaction. Raises NotFound
    `no_such_person`, Unprocessable `nothing_to_correct`, `bad_id_number`, Conflict
    `phone_taken`, `lost_race`.
    """
    person = _in_sight(caller, person_id)
    said = {field: text for field, text in asdict(correction).items() if text is not None}
    if not said:
        raise Unprocessable("nothing_to_correct", "请填写需要更正的内容")
    if "born" in said:
        said["born"] = said["born"].isoformat()
    if "id_number" in said:
        said["id_number"] = _checked(said["id_number"])
    old = person.phone_index
    people.seal(person, said, sealing.key_of(person.community_id, person_id))
    claimed, given_up = _moved(person, old, said.get("phone", ""))
    corrected = Corrected(person_id, sorted(said))
    where = (person.community_id, person_id)
    fact = PersonCorrected(*where, tuple(corrected.fields), caller.subject_id, clock.now())
    outbox.commit(person, *claimed, events=(fact,), deletes=given_up, answer=corrected)
    return corrected


def unlink_wechat(caller: Caller, person_id: str) -> Unlinked:
    """Take the WeChat account off a person, and end their sessions; another may then sign in.

    For who has a new account, or a number that somebody else had before. Raises NotFound
    `no_such_person`, Conflict `no_wechat`.
    """
    person, at = _in_sight(caller, person_id), clock.now()
    links = sign_in.links_of(person)
    if not links:
        raise Conflict("no_wechat", "该人员没有绑定微信")
    person.account_key = None
    unlinked, where = Unlinked(person_id), (person.community_id, person_id)
    outbox.commit(
        person,
        revocations.of_person(*where, people.RESIDENT, at),
        events=(WeChatUnlinked(*where, caller.subject_id, at),),
        deletes=links,
        answer=unlinked,
    )
    return unlinked


def _in_sight(caller: Caller, person_id: str) -> Person:
    person = people.person_of(caller.community_id, person_id)
    ties = people.ties_of(caller.community_id, person_id)
    if not sight.sees_one_of(caller, (tie.unit_id for tie in ties)):
        raise NotFound("no_such_person", "没有找到该人员")
    return person


def _checked(id_number: str) -> str:
    if id_number and not is_id_number(id_number.upper()):
        raise Unprocessable("bad_id_number", "身份证号不正确")
    return id_number.upper()


def _require_free(community_id: str, phone: str) -> None:
    if phone and Phone.find(sealing.index("phone", phone), community_id) is not None:
        raise Conflict("phone_taken", "该手机号已登记")


def _moved(person: Person, old: str | None, phone: str) -> tuple[list[Row], list[Row]]:
    """Return the claim to make to a person's number, and the one to give up, if it changed."""
    if person.phone_index == old:
        return [], []
    _require_free(person.community_id, phone)
    held = Phone.find(old, person.community_id) if old else None
    return [people.claim(person)] if phone else [], [held] if held is not None else []
