"""Templates of messages: what an installation has, and how our words fit into them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class About(StrEnum):
    """What a message is about; each has one template at most."""

    RING = "ring"


@dataclass(frozen=True)
class Template:
    """A template of WeChat: `words` says for each of its fields which word of ours goes there.

    `page` is opened by a tap; `{cause_id}` in it is the id of what the message is about.
    """

    template_id: str
    words: Mapping[str, str]
    page: str = ""


LONGEST: Final[Mapping[str, int]] = {
    "thing": 20,
    "number": 32,
    "letter": 32,
    "symbol": 5,
    "character_string": 32,
    "name": 10,
    "phrase": 5,
    "phone_number": 17,
    "car_number": 8,
}
"""Characters of a field by its kind, which is its name without the number (WECHAT.md 1)."""

EMPTY: Final = "-"
"""What stands where there is nothing to say: WeChat refuses an empty field (47003)."""


def read(text: str) -> Mapping[About, Template]:
    """Return the templates that an installation names, by what they are about.

    `{"ring": {"template_id": "…", "words": {"thing1": "place"}, "page": "…"}}`; what we do
    not know is left out. Raises ValueError for anything else.
    """
    said: Any = json.loads(text)
    if not isinstance(said, dict):
        raise ValueError("templates are a JSON object")  # noqa: TRY004 -- of a text, not a type
    known = {about.value for about in About}
    return {About(name): _template(one) for name, one in said.items() if name in known}


def _template(said: Any) -> Template:
    try:
        words = {str(field): str(word) for field, word in said["words"].items()}
        return Template(str(said["template_id"]), words, str(said.get("page", "")))
    except (AttributeError, KeyError, TypeError) as failure:
        raise ValueError("a template has template_id, words and page") from failure


def filled(template: Template, said: Mapping[str, str]) -> dict[str, str]:
    """Return a template's fields with our words, each as long as WeChat takes it."""
    return {field: fitted(field, said.get(word, "")) for field, word in template.words.items()}


def fitted(field: str, text: str) -> str:
    """Return a text on one line that a field takes: what is too long ends with an ellipsis."""
    plain = " ".join(text.split()) or EMPTY
    most = LONGEST.get(field.rstrip("0123456789"))
    if most is None or len(plain) <= most:
        return plain
    return plain[: most - 1] + "…"


def page_of(template: Template, cause_id: str) -> str:
    """Return the page that a tap on the message opens."""
    return template.page.replace("{cause_id}", cause_id)
