"""Rows of the organisation tree: nodes, estates, flats, zones, and bodies at nodes."""

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from chalicelib.core.table import Row


class Community(Row):
    """An estate (小区): the tenant that everything belongs to.

    `path` is its node's; `import_id` names the import that runs, or that ran last.
    """

    class Meta:
        short = "communities"

    community_id = UnicodeAttribute(hash_key=True)
    name = UnicodeAttribute()
    zone = UnicodeAttribute(default="Asia/Shanghai")
    path = UnicodeAttribute(null=True)
    import_id = UnicodeAttribute(null=True)


class _NodesBelow(GlobalSecondaryIndex["Node"]):
    class Meta:
        index_name = "below"
        projection = AllProjection()

    parent_key = UnicodeAttribute(hash_key=True)
    node_id = UnicodeAttribute(range_key=True)


class Node(Row):
    """A node of the tree above the rooms; a room is a `Unit`.

    `scope` is the community's id from the estate down, and the county's id above it:
    what belongs to an estate stands under its own key. Rows of an import that is not
    complete are marked by its id, and count for none.
    """

    class Meta:
        short = "nodes"

    scope = UnicodeAttribute(hash_key=True)
    node_id = UnicodeAttribute(range_key=True)
    level = UnicodeAttribute()
    name = UnicodeAttribute()
    path = UnicodeAttribute()
    parent_key = UnicodeAttribute(null=True)
    import_id = UnicodeAttribute(null=True)
    below = _NodesBelow()

    @property
    def community_id(self) -> str:
        """Return the tenant of the node: its community, or its county."""
        return self.scope


class _UnitsBelow(GlobalSecondaryIndex["Unit"]):
    class Meta:
        index_name = "below"
        projection = AllProjection()

    parent_key = UnicodeAttribute(hash_key=True)
    unit_id = UnicodeAttribute(range_key=True)


class Unit(Row):
    """A flat (房屋) of a community; `area` is in 0.01 m².

    `building` and `entrance` are names (楼栋、单元) as people say them.
    """

    class Meta:
        short = "units"

    community_id = UnicodeAttribute(hash_key=True)
    unit_id = UnicodeAttribute(range_key=True)
    name = UnicodeAttribute()
    path = UnicodeAttribute(null=True)
    parent_key = UnicodeAttribute(null=True)
    building = UnicodeAttribute(null=True)
    entrance = UnicodeAttribute(null=True)
    room = UnicodeAttribute(null=True)
    area = NumberAttribute(null=True)
    import_id = UnicodeAttribute(null=True)
    below = _UnitsBelow()


class Organisation(Row):
    """A company, committee, police station or office; ids are unguessable and global."""

    class Meta:
        short = "organisations"

    org_id = UnicodeAttribute(hash_key=True)
    body = UnicodeAttribute()
    name = UnicodeAttribute()


class Attachment(Row):
    """An organisation that serves a node (`node_key`: scope first)."""

    class Meta:
        short = "attachments"

    node_key = UnicodeAttribute(hash_key=True)
    org_id = UnicodeAttribute(range_key=True)
    body = UnicodeAttribute()
    name = UnicodeAttribute()
    path = UnicodeAttribute()


class Zone(Row):
    """Several estates that are managed as one area (片区共管); `paths` are the estates'."""

    class Meta:
        short = "zones"

    scope = UnicodeAttribute(hash_key=True)
    zone_id = UnicodeAttribute(range_key=True)
    name = UnicodeAttribute()
    paths = JSONAttribute(default=list)


def key_of_path(path: str, community_id: str = "") -> tuple[str, str]:
    """Return scope and id of the node that a path ends in.

    `community_id` is the estate at or above the node, empty above estates.
    """
    ids = path.split("/")
    return community_id or ids[0], ids[-1]
