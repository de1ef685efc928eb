"""Refusals: what a use case raises when it will not do what was asked.

Each carries the HTTP status, a stable snake_case code for programs and a Chinese
sentence that a phone can show as it stands.
"""

from typing import Any, ClassVar


class Refusal(Exception):  # noqa: N818 -- a refusal is an answer, not a fault of ours
    """A refused request: stable `code`, Chinese `message`, optional JSON `details`."""

    status: ClassVar[int] = 400

    def __init__(self, code: str, message: str, *, details: Any = None) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.details = details


class BadRequest(Refusal):
    """The request cannot be understood (400)."""


class Unauthenticated(Refusal):
    """Nobody, or nobody any more, is asking (401)."""

    status = 401


class Forbidden(Refusal):
    """This caller may never do this (403)."""

    status = 403


class NotFound(Refusal):
    """No such object within the caller's community (404); another tenant's counts as none."""

    status = 404


class NotAcceptable(Refusal):
    """The answer has a form that the request does not accept (406)."""

    status = 406


class Conflict(Refusal):
    """Somebody else was first, or a key was used again with another body (409)."""

    status = 409


class TooLarge(Refusal):
    """The body is over its limit (413)."""

    status = 413


class Unprocessable(Refusal):
    """Understood, and refused by a rule of the domain (422)."""

    status = 422


class TooMany(Refusal):
    """Over a limit of frequency (429); `retry_after` is in seconds."""

    status = 429

    def __init__(self, code: str, message: str, *, retry_after: int) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after


class Unavailable(Refusal):
    """A part that we need does not answer; asking again later may help (503)."""

    status = 503
