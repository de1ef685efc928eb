"""What ends surveys, and what follows for them from people who are forgotten."""

from chalicelib.identity.events import AccountErased, PersonForgotten
from functions.grants import OUTBOX
from functions.wakes import Function, Heard, Queue, Schedule

FUNCTIONS: tuple[Function, ...] = (
    Function(
        "count_surveys",
        (Schedule(60),),
        tables={"surveys": "rw", "survey_answers": "r", **OUTBOX},
        timeout_s=50,
        memory_mb=512,
    ),
    Function(
        "forget_answerers",
        (Queue("forget-answerers", hears=(Heard(PersonForgotten), Heard(AccountErased))),),
        tables={"survey_participations": "rw", **OUTBOX},
    ),
)
