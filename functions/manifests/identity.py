"""What follows from people coming, going, and being forgotten."""

from chalicelib.identity.events import (
    AccountErased,
    ImportAccepted,
    PersonForgotten,
    ResidencyEnded,
)
from functions.grants import CONSENTS, ESTATE, FORGETS, OUTBOX, PEOPLE
from functions.wakes import Function, Heard, Queue, Schedule

FUNCTIONS: tuple[Function, ...] = (
    Function("expire_consents", (Schedule(3_600),), tables={**CONSENTS, **OUTBOX}),
    Function(
        "end_consents",
        (Queue("end-consents", hears=(Heard(ResidencyEnded),)),),
        tables={**CONSENTS, "import_jobs": "r", **PEOPLE, **OUTBOX},
    ),
    Function(
        "finish_deletion",
        (Queue("finish-deletion", hears=(Heard(PersonForgotten), Heard(AccountErased))),),
        tables=FORGETS,
        media={"evidence": "d"},
        keys=True,
    ),
    Function(
        "sweep_deletions",
        (Schedule(3_600),),
        tables=FORGETS,
        media={"evidence": "d"},
        keys=True,
        timeout_s=50,
    ),
    Function(
        "import_estate",
        (Queue("import-estate", hears=(Heard(ImportAccepted),), batch=1),),
        tables={**ESTATE, **OUTBOX},
        keys=True,
        timeout_s=300,
        memory_mb=1024,
    ),
)
