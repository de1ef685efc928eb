"""Pages of what passed at one place within a period, the newest first."""

from datetime import datetime
from typing import Any

from chalicelib.core import clock, cursor
from chalicelib.core.errors import BadRequest
from chalicelib.passages.rules.passages import days_between
from chalicelib.passages.tables.passages import PassageRow, at_id, place_key


def at_place(
    where: tuple[str, str],
    period: tuple[datetime, datetime],
    *,
    listing: str,
    limit: int,
    after: str | None,
) -> tuple[list[PassageRow], str | None]:
    """Return a place's newest passages of a period, and the cursor after them.

    At most two reads: a period of 24 hours touches two days. A cursor holds where it ended,
    not the period, which goes on at its open end while a guard reads; `listing` says whose
    question it belongs to, and from when on.
    """
    name, days = f"passages/{where}/{listing}", list(days_between(*period))
    ended = cursor.unseal(after, listing=name) or {"day": days[0], "last": None}
    if ended["day"] not in days:
        raise BadRequest("bad_cursor", "分页参数无效")
    rows: list[PassageRow] = []
    for day in days[days.index(ended["day"]) :]:
        last = ended["last"] if day == ended["day"] else None
        page = _of_day(where, day, period, limit=limit - len(rows), last=last)
        rows += [row for row in page if row.is_live()]
        if page.last_evaluated_key:
            return rows, cursor.seal({"day": day, "last": page.last_evaluated_key}, listing=name)
        if len(rows) == limit and day != days[-1]:
            following = days[days.index(day) + 1]
            return rows, cursor.seal({"day": following, "last": None}, listing=name)
    return rows, None


def _of_day(
    where: tuple[str, str],
    day: str,
    period: tuple[datetime, datetime],
    *,
    limit: int,
    last: dict[str, Any] | None,
) -> Any:
    since, until = (at_id(clock.epoch_ms(at)) for at in period)
    return PassageRow.query(
        place_key(*where, day),
        PassageRow.at_id.between(since, until),
        scan_index_forward=False,
        limit=limit,
        last_evaluated_key=last,
    )
