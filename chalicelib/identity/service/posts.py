"""Posts as rows: who holds which role where, for which body, and since when."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from chalicelib.core import clock
from chalicelib.core.errors import Unprocessable
from chalicelib.core.paths import within
from chalicelib.identity.rules.posts import LEVELS, PROBLEMS, Post
from chalicelib.identity.tables.people import AppointmentRow


def rows(
    person_id: str,
    role: str,
    paths: Sequence[str],
    *,
    org_id: str = "",
    zone_id: str = "",
    login: str = "",
    since: datetime | None = None,
) -> list[AppointmentRow]:
    """Return the rows of a role at these nodes (several: the estates of a zone).

    Raises Unprocessable `no_such_role`.
    """
    if role not in LEVELS:
        raise Unprocessable("no_such_role", PROBLEMS["no_such_role"])
    return [
        AppointmentRow(
            person_id=person_id,
            post=_key(role, path),
            role=role,
            node_path=path,
            org_id=org_id or None,
            zone_id=zone_id or None,
            login=login or None,
            since=clock.epoch_ms(since) if since else None,
        )
        for path in paths
    ]


def rows_of(person_id: str) -> list[AppointmentRow]:
    """Return the rows of all posts of a person; one read, consistent."""
    return list(AppointmentRow.query(person_id, consistent_read=True))


def held_by(person_id: str) -> list[Post]:
    """Return all posts of a person; one read, consistent."""
    return [post_of(row) for row in rows_of(person_id)]


def find(person_id: str, role: str, path: str) -> AppointmentRow | None:
    """Return the row of a person's post, or None; one read, consistent."""
    row = AppointmentRow.find(person_id, _key(role, path))
    return row if row is not None and row.node_path == path else None


def holders(role: str, node_path: str) -> list[str]:
    """Return the ids of those who hold a role at a node; one read of an index."""
    posts = AppointmentRow.at_node.query(node_path, AppointmentRow.post.startswith(f"{role}#"))
    return [row.person_id for row in posts]


def of_body(org_id: str, under: str) -> list[AppointmentRow]:
    """Return the posts held for a body at a node and below; one read of an index."""
    found = AppointmentRow.of_body.query(org_id, AppointmentRow.node_path.startswith(under))
    return [row for row in found if within(row.node_path, under)]


def renewed(person_id: str, at: datetime) -> list[AppointmentRow]:
    """Return the rows of a person's posts as held since now: their credentials are new."""
    found = rows_of(person_id)
    for row in found:
        row.since = clock.epoch_ms(at)
    return found


def is_fresh(person_id: str, role: str, at: datetime, settles: timedelta) -> bool:
    """Return whether a person got a role, or new credentials, less than `settles` ago."""
    newest = max((int(row.since or 0) for row in rows_of(person_id) if row.role == role), default=0)
    return newest > clock.epoch_ms(at - settles)


def post_of(row: AppointmentRow) -> Post:
    """Return the facts of a post as the rules know them."""
    return Post(row.role, row.node_path, row.org_id or "")


def _key(role: str, path: str) -> str:
    return f"{role}#{path.rpartition('/')[2]}"
