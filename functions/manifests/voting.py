"""What moves votes, and fills their logs."""

from chalicelib.voting.events import RollAsked
from functions.grants import BALLOTS, COUNTING, OUTBOX, PEOPLE, VOTES
from functions.wakes import Function, Heard, Queue, Schedule

FUNCTIONS: tuple[Function, ...] = (
    Function(
        "freeze_rolls",
        (Queue("freeze-rolls", hears=(Heard(RollAsked),), batch=1),),
        tables={
            "rolls": "rw",
            "roll_units": "rw",
            "roll_lines": "rw",
            "roll_owners": "rw",
            "votes": "rw",
            "titles": "r",
            **PEOPLE,
            **OUTBOX,
        },
        timeout_s=300,
        memory_mb=1024,
    ),
    Function(
        "move_votes",
        (Schedule(60),),
        tables={
            **COUNTING,
            **VOTES,
            "roll_owners": "rw",
            "vote_options": "rw",
            "committees": "rw",
            **OUTBOX,
        },
        archive={"votes": "rw"},
        keys=True,
        witnesses=True,
        timeout_s=300,
        memory_mb=1769,
    ),
    Function(
        "enter_ballots",
        (Queue("ballots.fifo"),),
        tables={**BALLOTS, **OUTBOX},
        timeout_s=50,
        memory_mb=1024,
    ),
    Function(
        "sweep_ballots",
        (Schedule(60),),
        tables={**BALLOTS, **OUTBOX},
        timeout_s=50,
        memory_mb=512,
    ),
    Function(
        "sign_checkpoints",
        (Schedule(300),),
        tables={"ballot_heads": "rw", "ballot_checkpoints": "rw", **OUTBOX},
        witnesses=True,
        timeout_s=50,
        memory_mb=512,
    ),
)
