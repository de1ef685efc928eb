"""The records of one message that others wrote, read one by one."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from chalicelib.core.errors import BadRequest

MOST_RECORDS = 100
"""Records of one message, counted before any is read."""

Said = TypeVar("Said")


def each(
    records: Sequence[object],
    read: Callable[[object], Iterable[Said]],
    *,
    bad: Callable[[str], Said],
) -> list[Said]:
    """Return what the records say; for one that cannot be read, what `bad` makes of its code.

    What says more than `MOST_RECORDS` things is read no further: whoever reads on refuses it.
    Raises BadRequest `too_many_in_batch`, or what is wrong with the first if all are bad.
    """
    if len(records) > MOST_RECORDS:
        raise BadRequest("too_many_in_batch", "一次最多上报 100 条事件")
    said: list[Said] = []
    refused: list[BadRequest] = []
    for record in records:
        try:
            said += list(read(record))
        except BadRequest as refusal:
            refused.append(refusal)
            said.append(bad(refusal.code))
        if len(said) > MOST_RECORDS:
            break
    if refused and len(refused) == len(records):
        raise refused[0]
    return said
