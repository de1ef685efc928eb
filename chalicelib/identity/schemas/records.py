"""What the company keeps of a person, and how it is corrected."""

from datetime import date

from pydantic import ConfigDict, Field

from chalicelib.core.schema import Asked, Shown, Text


class PersonAsked(Asked):
    """Somebody to be registered; their name, phone and ID number are sealed at rest."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "周二", "phone": "13800001234", "id_number": ""}]}
    )

    name: Text = Field(min_length=1, max_length=60)
    phone: str = Field(default="", pattern=r"^(1[3-9]\d{9})?$")
    id_number: str = Field(default="", pattern=r"^(\d{17}[\dXx])?$")


class PersonReply(Shown):
    """The id of a person."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"person_id": "per_01JCZ5"}]})

    person_id: str


class CorrectionAsked(Asked):
    """What is to be kept of a person from now; what is left out stays, "" clears a number."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"phone": "13900005678"}]})

    name: Text | None = Field(default=None, min_length=1, max_length=60)
    phone: str | None = Field(default=None, pattern=r"^(1[3-9]\d{9})?$")
    id_number: str | None = Field(default=None, pattern=r"^(\d{17}[\dXx])?$")
    born: date | None = None


class CorrectionReply(Shown):
    """A person, and which fields were corrected."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"person_id": "per_01JCZ5", "fields": ["phone"]}]}
    )

    person_id: str
    fields: list[str]
