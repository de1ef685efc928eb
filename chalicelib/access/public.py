"""What other domains, and the reactions in `functions/`, may ask of access."""

from chalicelib.access.rules.desk import DeskAsk, DeskKind, DeskOutcome
from chalicelib.access.service.calls import expire_calls, ring
from chalicelib.access.service.desk import ask_desk, close_desk, lapse_desk
from chalicelib.access.service.endings import finish
from chalicelib.access.service.forgetting import forget, leave
from chalicelib.access.service.held import held_of
from chalicelib.access.service.lists_pushed import enrol as enrol_credentials
from chalicelib.access.service.lists_pushed import hear as hear_receipts
from chalicelib.access.service.lists_pushed import push as push_lists
from chalicelib.access.service.lists_pushed import resend as resend_credentials
from chalicelib.access.service.pass_courses import (
    expire_passes,
    record_visit,
    revoke_of_leaver,
)
from chalicelib.access.service.pass_courses import forget as forget_passes
from chalicelib.access.service.pass_courses import list_spent as list_spent_pass
from chalicelib.access.service.subjects import card_mark, subject_of, subject_of_card
from chalicelib.access.service.withdrawals import (
    expire_credentials,
    keep_what_homes_need,
    withdraw_all,
    withdraw_at_home,
    withdraw_faces,
)
from chalicelib.access.service.withdrawals import follow as recall_credentials

__all__ = [
    "DeskAsk",
    "DeskKind",
    "DeskOutcome",
    "ask_desk",
    "card_mark",
    "close_desk",
    "enrol_credentials",
    "expire_calls",
    "expire_credentials",
    "expire_passes",
    "finish",
    "forget",
    "forget_passes",
    "hear_receipts",
    "held_of",
    "keep_what_homes_need",
    "lapse_desk",
    "leave",
    "list_spent_pass",
    "push_lists",
    "recall_credentials",
    "record_visit",
    "resend_credentials",
    "revoke_of_leaver",
    "ring",
    "subject_of",
    "subject_of_card",
    "withdraw_all",
    "withdraw_at_home",
    "withdraw_faces",
]
