"""What tests of credentials do with them: give, agree to a face, look."""

from chalicelib.access.rules.credentials import CredentialKind
from chalicelib.access.service import credential_views as views
from chalicelib.access.service import credentials
from chalicelib.access.service.credential_rows import Wish
from chalicelib.identity.rules.consent import Channel, Decision, Purpose, current
from chalicelib.identity.service import consent

CARD = "04 A2 2B 91"


def given(house, kind=CredentialKind.CARD, person="per_1", unit="u1", **more):
    number = more.pop("number", CARD if kind is CredentialKind.CARD else "")
    wish = Wish(unit_id=unit, kind=kind, person_id=person, number=number, **more)
    return credentials.issue(house.staff(role="property_manager"), wish)


def agreed(house, person="per_1", child=None, purpose=Purpose.FACE_RECOGNITION) -> str:
    notice = current(purpose)
    asked = consent.Asked(
        purpose,
        Decision.GIVEN,
        Channel.SETTINGS,
        notice.version,
        notice.sha256,
        person_id=child,
    )
    return str(consent.decide(house.resident(person), asked).consent_id)


def face(house, person="per_1", *doors, child=None, kind=CredentialKind.FACE):
    doors = doors or (house.gate.device_id, house.door.device_id)
    wish = Wish(unit_id="u1", kind=kind, doors=doors, person_id=child)
    return credentials.issue_own(house.resident(person), wish)


def seen(house, credential_id):
    return views.receipts(house.staff(role="property_manager"), credential_id)
