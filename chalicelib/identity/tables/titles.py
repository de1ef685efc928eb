"""Rows of titles: what the register says of a flat beyond who lives in it."""

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.core.table import PlainJson, Row


class Title(Row):
    """A flat's title (不动产权属); `areas` are in 0.01 m² by source, `set_at` is epoch ms.

    `company_id` is the company that it belongs to, or the developer (建设单位) that has not sold
    or delivered it: its unified social credit code. `representative` is the person who signs
    for the company (法定代表人).
    """

    class Meta:
        short = "titles"

    community_id = UnicodeAttribute(hash_key=True)
    unit_id = UnicodeAttribute(range_key=True)
    holding = UnicodeAttribute()
    areas = PlainJson(default=dict)
    company_id = UnicodeAttribute(default="")
    company = UnicodeAttribute(default="")
    representative = UnicodeAttribute(default="")
    is_parking = BooleanAttribute(default=False)
    is_disputed = BooleanAttribute(default=False)
    set_by = UnicodeAttribute()
    set_at = NumberAttribute()
