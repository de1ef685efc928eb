"""Rows of what administrators, managers and officers did to accounts, posts and bodies."""

from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.core.table import Row


class AdminAct(Row):
    """One act: who did what to whose account, post or body, and where; `at` in epoch ms.

    `day_key` is the county and the day in Beijing: an audit administrator of the county
    reads all of it, day by day.
    """

    class Meta:
        short = "admin_acts"
        ttl = "expires"

    day_key = UnicodeAttribute(hash_key=True)
    act_id = UnicodeAttribute(range_key=True)
    act = UnicodeAttribute()
    actor_id = UnicodeAttribute()
    roles = ListAttribute[str](default=list)
    node_path = UnicodeAttribute()
    login = UnicodeAttribute(null=True)
    subject_id = UnicodeAttribute(null=True)
    role = UnicodeAttribute(null=True)
    org_id = UnicodeAttribute(null=True)
    at = NumberAttribute()
    expires = NumberAttribute()
