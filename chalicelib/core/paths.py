"""Paths of organisation nodes: ancestors' ids from the county down, joined by "/"."""

from typing import Final

ESTATE_DEPTH: Final = 3
"""An estate is the fourth from the county: 区县, 街道, 社区, 小区."""


def within(path: str, above: str) -> bool:
    """Return whether a node is another one or stands below it; whole segments count."""
    return bool(above) and (path == above or path.startswith(f"{above}/"))


def part_of(node_path: str, community_id: str) -> str:
    """Return the node of an estate that staff are confined to; empty: they have all of it."""
    last = node_path.rpartition("/")[2]
    return "" if last in ("", community_id) else node_path


def in_part(path: str, part: str) -> bool:
    """Return whether a node lies in the part (`part_of`) that staff are confined to."""
    return not part or within(path, part)


def community_in(path: str) -> str:
    """Return the community that a node is or lies in, or "" above estates."""
    ids = path.split("/")
    return ids[ESTATE_DEPTH] if len(ids) > ESTATE_DEPTH else ""


def tenant_of(path: str, community_id: str = "") -> str:
    """Return whose data the rows of somebody at a node are: the estate's, else the county's."""
    return community_id or community_in(path) or path.partition("/")[0]
