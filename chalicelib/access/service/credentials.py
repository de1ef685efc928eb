"""Use cases of credentials: given to somebody for a flat, seen by them, withdrawn for good."""

from datetime import datetime

from chalicelib.access.events import CredentialIssued
from chalicelib.access.rules import credentials as rules
from chalicelib.access.rules.credentials import CredentialKind, CredentialState
from chalicelib.access.service import allow_lists, marks, pins, sight
from chalicelib.access.service.biometrics import require_consent
from chalicelib.access.service.credential_rows import (
    CredentialView,
    Wish,
    enrolment,
    made,
    mark_of,
    secret_of,
    view,
)
from chalicelib.access.tables.credentials import Credential
from chalicelib.core import clock
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, NotFound, Unprocessable
from chalicelib.core.table import Row, tenant_key
from chalicelib.devices import public as devices
from chalicelib.identity import public as identity

MESSAGES = {
    "by_property_only": "门卡由物业发放，请联系物业",
    "card_number_required": "请填写卡号",
    "card_number_only_for_cards": "只有门卡有卡号",
    "too_many_credentials": "该类凭证数量已达上限，请先停用旧的",
    "bad_card_number": "卡号应为4到40位数字或字母",
    "doors_required": "请选择录入的门口设备",
    "door_out_of_reach": "所选设备不能为该房屋开门",
    "unit_without_place": "该房屋尚未登记楼栋位置",
    "until_is_past": "截止时间已过",
}


def issue(caller: Caller, wish: Wish) -> CredentialView:
    """Give a person who lives in the caller's part of the estate a credential, for the company.

    Raises as `issue_own`, and NotFound `no_such_unit` for a flat beside the caller's part.
    """
    path = flat_path(caller.community_id, wish.unit_id)
    if not sight.sees(caller, path):
        raise no_such_unit()
    return _give(caller, wish.person_id or "-", wish, path, by_staff=True)


def issue_own(caller: Caller, wish: Wish) -> CredentialView:
    """Give oneself a credential for a flat where one lives, or a child of one's own.

    A face or finger of a child under 14 is its guardian's to give (PIPL 31). Raises NotFound
    `no_such_person`, `no_such_unit`, `no_such_residency`, Conflict `card_taken`, Unprocessable
    `consent_required`, `guardian_required` and those of `MESSAGES`.
    """
    deciding = wish.kind in rules.ON_DEVICE
    person_id = identity.spoken_for(caller, wish.person_id, deciding=deciding)
    path = flat_path(caller.community_id, wish.unit_id)
    return _give(caller, person_id, wish, path, by_staff=False)


def _give(
    caller: Caller, person_id: str, wish: Wish, path: str, *, by_staff: bool
) -> CredentialView:
    community_id, at = caller.community_id, clock.now()
    number = marks.card_number(wish.number)
    _require(wish, number, by_staff=by_staff, at=at)  # first: a bad number tells of nobody
    tied = identity.tied_to(community_id, wish.unit_id, person_id)
    if by_staff and wish.kind in rules.ON_DEVICE and identity.is_ward(community_id, person_id):
        raise Unprocessable("guardian_required", "未满14周岁，须由监护人本人操作")
    _require_room(community_id, person_id, wish)
    doors = _doors(community_id, wish, path)
    require_consent(community_id, person_id, wish.kind)
    row, entry = made(caller, person_id, wish, number, path=path, at=at)
    mark = mark_of(row, entry)
    claims = _claims(row, wish, at)
    enrolments = [enrolment(row, door, at) for door in doors]
    given = view(row, enrolments)

    def stamped(version: int) -> None:
        row.listed_at = version
        _require_room(community_id, person_id, wish)  # seen after the head that the commit fences

    try:
        allow_lists.commit(
            community_id,
            [allow_lists.Put(entry, path, doors=tuple(doors))],
            row,
            *([mark] if mark else []),
            *claims,
            *enrolments,
            events=(_issued(row, at),),
            given=(tied,),
            answer=given,
            stamped=stamped,
        )
    except Conflict:
        if mark is not None and mark.has_twin():
            raise Conflict("card_taken", "该卡号已发放给其他人") from None
        raise
    return given


def _issued(row: Credential, at: datetime) -> CredentialIssued:
    return CredentialIssued(
        community_id=row.community_id,
        credential_id=row.credential_id,
        person_id=row.person_id,
        unit_id=row.unit_id,
        kind=row.kind,
        issued_by=row.issued_by,
        issued_at=at,
    )


def _claims(row: Credential, wish: Wish, at: datetime) -> list[Row]:
    """Return the flat's row with the PIN, for a PIN: five live ones at most, no two alike."""
    if wish.kind is not CredentialKind.PIN:
        return []
    pin = pins.pin_of(secret_of(row))
    where = (row.community_id, row.unit_id, row.credential_id)
    return [pins.claim(*where, pin, ends=wish.until, at=at)]


def _require(wish: Wish, number: str, *, by_staff: bool, at: datetime) -> None:
    """Refuse what may not be given; raises Unprocessable."""
    reason = rules.wish_refusal(wish.kind, number, by_staff=by_staff)
    reason = reason or (rules.card_refusal(number) if number else None)
    if wish.until is not None and wish.until <= at:
        reason = reason or "until_is_past"
    if reason:
        raise Unprocessable(reason, MESSAGES[reason])


def _require_room(community_id: str, person_id: str, wish: Wish) -> None:
    """Refuse one too many of a kind for a flat; one consistent query."""
    others = [
        row
        for row in live_of(community_id, person_id)
        if (row.unit_id, row.kind) == (wish.unit_id, wish.kind.value)
    ]
    if len(others) >= rules.MOST_OF_KIND:
        raise Unprocessable("too_many_credentials", MESSAGES["too_many_credentials"])


def _doors(community_id: str, wish: Wish, path: str) -> list[str]:
    """Return the devices that take a face or finger; they must be doors of the flat."""
    if wish.kind not in rules.ON_DEVICE:
        return []
    if not wish.doors:
        raise Unprocessable("doors_required", MESSAGES["doors_required"])
    reaching = devices.doors_at(community_id, [path])
    able = {door.device_id for door in reaching if door.kind in devices.TAKERS}
    if not set(wish.doors) <= able:
        raise Unprocessable("door_out_of_reach", MESSAGES["door_out_of_reach"])
    return sorted(set(wish.doors))


def flat_path(community_id: str, unit_id: str) -> str:
    """Return where a flat is; raises NotFound `no_such_unit`, Unprocessable."""
    found = identity.flats_named(community_id, [unit_id]).get(unit_id)
    if found is None:
        raise no_such_unit()
    if not found[0]:
        raise Unprocessable("unit_without_place", MESSAGES["unit_without_place"])
    return found[0]


def no_such_unit() -> NotFound:
    """Return the refusal for a flat that is not there for the caller."""
    return NotFound("no_such_unit", "没有找到该房屋")


def live_of(community_id: str, person_id: str) -> list[Credential]:
    """Return a person's credentials that are neither withdrawn nor over; one consistent query."""
    at = clock.now()
    found = Credential.query(tenant_key(community_id, person_id), consistent_read=True)
    return [
        row
        for row in found
        if row.state != CredentialState.WITHDRAWN and row.is_live() and not row.is_over(at)
    ]
