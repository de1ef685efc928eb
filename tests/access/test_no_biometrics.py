"""Of faces and fingers nothing is kept but on which devices they are (LAW.md P3).

No field of a row, a request, a reply, an event or a list could hold a template, a picture or
a vector of one: by its name, and, in the tables of credentials, by its type.
"""

import dataclasses
import re

import pytest
from pydantic import BaseModel
from pynamodb.attributes import BinaryAttribute

from chalicelib.access.rules.allow_lists import Entry
from chalicelib.access.schemas import credentials as schemas
from chalicelib.access.tables.credentials import Credential, Enrolment, Mark
from chalicelib.core.schema import Asked, Shown
from chalicelib.devices.schemas import events_passage
from chalicelib.devices.schemas.saying import Said
from infra import rows

FORBIDDEN = re.compile(
    r"template(?!_id)|embedding|vector|biometr|minutia|descriptor|iris|landmark|voiceprint"
    r"|(face|finger|print).*(template|image|photo|picture|bytes|data|feature|key|url|hash)"
    r"|(image|photo|picture|feature).*(face|finger)"
)


@pytest.mark.parametrize(
    "name",
    ["face_template", "faceImage", "finger_photo", "embedding", "face_feature", "print_minutiae"],
)
def test_the_names_of_such_fields_are_known(name):
    assert FORBIDDEN.search(name.lower())


def test_no_table_has_a_field_for_one():
    names = {
        f"{short}.{name}" for short, row in rows.load().items() for name in row.get_attributes()
    }
    assert [name for name in sorted(names) if FORBIDDEN.search(name)] == []


def test_no_request_reply_or_event_of_a_device_has_a_field_for_one():
    import app  # noqa: PLC0415 -- after the environment: every route, with every model

    assert app.app.routes
    said = {
        f"{model.__name__}.{name}"
        for base in (Asked, Shown, Said)
        for model in _below(base)
        for name in model.model_fields
    }
    assert len(said) > 300, "the models were found"
    assert [name for name in sorted(said) if FORBIDDEN.search(name.lower())] == []


def test_nothing_of_a_credential_is_bytes_but_the_secret_that_we_drew_ourselves():
    for row in (Credential, Enrolment, Mark):
        binary = [n for n, a in row.get_attributes().items() if isinstance(a, BinaryAttribute)]
        assert binary == (["secret"] if row is Credential else [])


def test_whoever_asks_for_a_face_cannot_send_one():
    for model in (schemas.OwnCredentialAsked, schemas.CredentialAsked):
        assert model.model_config["extra"] == "forbid"
        assert not {"photo", "image", "picture", "data"} & set(model.model_fields)
    assert not {"image", "data", "vector"} & {field.name for field in dataclasses.fields(Entry)}


def test_what_an_enrolled_face_says_is_an_id_and_a_kind():
    own = set(events_passage.Enrolled.model_fields) - set(Said.model_fields)
    assert own == {"credential_id", "kind"}


def _below(model: type[BaseModel]) -> set[type[BaseModel]]:
    found = set(model.__subclasses__())
    return found.union(*map(_below, found)) if found else found
