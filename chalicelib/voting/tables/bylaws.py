"""Rows of bylaws: what an estate's rules of procedure, and its city, fix of a vote."""

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.assemblies.public import procedure
from chalicelib.core.table import PlainJson, Row


class Bylaws(Row):
    """What the street has on file of an estate (议事规则、管理规约); `set_at` is epoch ms.

    `periods` are the fields of `procedure.Periods` that differ from its defaults; `deeming`
    are the modes that the city and the clause allow.
    """

    class Meta:
        short = "bylaws"

    community_id = UnicodeAttribute(hash_key=True)
    legal_mode = UnicodeAttribute(default="CONSULTATIVE")
    periods = PlainJson(default=dict)
    deeming = PlainJson(default=list)
    clause = UnicodeAttribute(default="")
    named_allowed = BooleanAttribute(default=False)
    invalid_participates = BooleanAttribute(default=False)
    convening_by = UnicodeAttribute(default="HEADS")
    citation = UnicodeAttribute(default="")
    set_by = UnicodeAttribute(default="")
    set_at = NumberAttribute(default=0)

    def limits(self) -> procedure.Periods:
        """Return the days and limits of this estate."""
        said = dict(self.periods)
        if self.citation:
            said["citation"] = self.citation
        return procedure.Periods(**said)

    @classmethod
    def of(cls, community_id: str) -> "Bylaws":
        """Return what is on file of an estate, or the defaults: a consultation without effect."""
        return cls.find(community_id) or cls(community_id=community_id)
