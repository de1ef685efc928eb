"""What a route is, and what makes it impossible to declare a careless one."""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from chalice.app import CORSConfig
from pydantic import BaseModel

from chalicelib.core.budgets import Budget

OPEN, DEVICE, SESSION = "open", "device", "session"
STAFF = ("property", "committee", "government")
PEOPLE = ("resident", *STAFF)
"""A path's first segment names its audience; people come with tokens, devices with signatures.

Who asks for `/session/...` has no token yet: that is where they get one.
"""

KEY_PATTERN = r"[A-Za-z0-9_.:-]{8,64}"
"""An idempotency key: chosen by the client, one per intended effect."""

NEXT = "X-Next-Cursor"
"""The header in which an answer that is a file names the cursor of its next page."""

CORS = CORSConfig(
    allow_headers=["Idempotency-Key"],
    expose_headers=["Retry-After", "X-Request-Id", "Content-Disposition", NEXT],
    max_age=600,
)
JSON_ONLY = ("application/json",)
GIVEN = frozenset({"caller", "query", "body", "raw"})
"""What a view may ask for by name, besides the placeholders of its path."""

ROUTES: list["Route"] = []
"""Every route of the running app, for the OpenAPI documents and the permission tests."""

View = Callable[..., Any]
OnceKind = bool | Literal["for_ever"]


@dataclass(frozen=True)
class File:
    """A file to save under `name`; `next` is the cursor of the following part, if there is one."""

    name: str
    content: bytes
    next: str | None = None


@dataclass(frozen=True)
class Route:
    """One operation: where, for whom, and what its view takes and gives.

    `reply` is a model, or the media type of the `File` that the view returns. `once` demands
    an Idempotency-Key; `"for_ever"` never forgets it (payments). `then` is a read that runs
    on the first answer and on each replay. `pending` answers 202 instead of 200. `refuses`
    lists the statuses of the domain's own refusals. `described_by` is the body's model where
    the view takes `raw`. `content` are the accepted content types. `signed` is false for a
    device's route whose address is the secret. `budget` is how often one person, or one
    source of those without a token, may ask.
    """

    method: str
    path: str
    audience: str
    view: View
    reply: type[BaseModel] | str
    permission: str | None = None
    once: OnceKind = False
    then: Callable[[Any], Any] | None = None
    pending: Callable[[Any], bool] | None = None
    refuses: tuple[int, ...] = ()
    described_by: type[BaseModel] | None = None
    content: tuple[str, ...] = JSON_ONLY
    signed: bool = True
    budget: Budget | None = None

    def __post_init__(self) -> None:
        """Refuse what would fail open or fail at run time; raises TypeError."""
        people, segment = self.audience in PEOPLE, self.path.split("/")[1]
        asked = inspect.signature(self.view).parameters.values()
        faults = {
            "its path belongs to another audience": segment != self.audience
            and (self.audience != OPEN or segment in (*PEOPLE, DEVICE, SESSION, "")),
            "a device's view verifies raw bytes": self.audience == DEVICE
            and "raw" not in self.asked,
            "its parameters are annotated, named, without default": any(
                one.annotation is one.empty
                or one.default is not one.empty
                or one.kind is not one.POSITIONAL_OR_KEYWORD
                for one in asked
            ),
            "its audience does not exist": self.audience not in (*PEOPLE, DEVICE, SESSION, OPEN),
            "it names no permission": people and not self.permission,
            "only people have idempotency keys": bool(self.once) and not people,
            "its view has an unknown parameter": not self.asked <= GIVEN | self.placeholders,
            "its view ignores a placeholder": not self.placeholders <= self.asked,
            "its view does not say what it returns": self.returns is None,
            "a media type is answered with a file": isinstance(self.reply, str)
            and (self.returns is not File or bool(self.once)),
            "nobody asks for a session without limit": self.audience == SESSION
            and self.budget is None,
            "people's routes have a caller": not people and "caller" in self.asked,
        }
        for fault, found in faults.items():
            if found:
                raise TypeError(f"{self.method} {self.path}: {fault}")

    @cached_property
    def takes(self) -> Mapping[str, Any]:
        """Return the types of the view's parameters by name."""
        given = inspect.get_annotations(self.view, eval_str=True)
        return {name: wanted for name, wanted in given.items() if name != "return"}

    @cached_property
    def returns(self) -> Any:
        """Return the type of what the view returns, or None if it does not say."""
        return inspect.get_annotations(self.view, eval_str=True).get("return")

    @property
    def placeholders(self) -> set[str]:
        """Return the names in braces of the path."""
        return set(re.findall(r"{(\w+)}", self.path))

    @property
    def asked(self) -> set[str]:
        """Return the names of the view's parameters."""
        return set(inspect.signature(self.view).parameters)

    @property
    def body(self) -> type[BaseModel] | None:
        """Return the model of the request's body, or None."""
        return self.described_by or self.takes.get("body")
