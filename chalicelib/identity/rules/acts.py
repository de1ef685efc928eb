"""What is on record of administrators: every act on an account, a post or a body."""

from enum import StrEnum


class Act(StrEnum):
    """What was done."""

    CREATED = "created"
    HIRED = "hired"
    APPOINTED = "appointed"
    DISMISSED = "dismissed"
    RESET = "reset"
    CODE_GIVEN = "code_given"
    PLANTED = "planted"
    JOINED = "joined"
    ATTACHED = "attached"
    DETACHED = "detached"
