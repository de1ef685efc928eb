"""Rows of sign-in: sessions, WeChat accounts, staff accounts.

A staff account and a WeChat account are found before anybody knows the tenant: finding it
is what they are for. All others are keyed by tenant first.
"""

from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection

from chalicelib.core.revocations import Revocation
from chalicelib.core.table import PlainJson, Row

__all__ = ["Revocation", "Session", "StaffAccount", "WeChatHome"]


class Session(Row):
    """One sign-in of a person on a device, and where its refresh tokens are; times epoch ms.

    `expires` is in seconds. The row is the whole family of its refresh tokens: deleting it
    revokes them all.
    """

    class Meta:
        short = "sessions"
        ttl = "expires"

    subject_key = UnicodeAttribute(hash_key=True)
    session_id = UnicodeAttribute(range_key=True)
    person_id = UnicodeAttribute()
    community_id = UnicodeAttribute()
    audience = UnicodeAttribute()
    node_path = UnicodeAttribute()
    org_id = UnicodeAttribute()
    roles = UnicodeSetAttribute()
    device = UnicodeAttribute()
    generation = NumberAttribute(default=1)
    rotated_at = NumberAttribute()
    started_at = NumberAttribute()
    expires = NumberAttribute()


class WeChatHome(Row):
    """A person of a community whom a WeChat account signs in.

    `account_key` is a blind index of app and openid, and stands in the person's row, too;
    `openid` is sealed by the master key, bound to the person's key.
    """

    class Meta:
        short = "wechat_homes"

    account_key = UnicodeAttribute(hash_key=True)
    community_id = UnicodeAttribute(range_key=True)
    person_id = UnicodeAttribute()
    person_key = UnicodeAttribute()
    openid = BinaryAttribute(legacy_encoding=False)
    used_at = NumberAttribute()


class _InCounty(GlobalSecondaryIndex["StaffAccount"]):
    class Meta:
        index_name = "in_county"
        projection = IncludeProjection(["person_id", "set_up"])

    county = UnicodeAttribute(hash_key=True)
    node_path = UnicodeAttribute(range_key=True)


class StaffAccount(Row):
    """A sign-in name of staff; times are epoch ms, `expires` seconds.

    `set_up` says whether it has credentials. A name that nobody has gets a row too when
    somebody tries it (without `person_id`, for some hours), so that trying tells nothing.
    `totp` is sealed, `recovery` and `setup` are HMACs, `password` is argon2id's own form.
    `counts` holds failures by source (an HMAC): how many, the last one, the last sign-in.
    """

    class Meta:
        short = "staff_accounts"
        ttl = "expires"

    login = UnicodeAttribute(hash_key=True)
    person_id = UnicodeAttribute(null=True)
    county = UnicodeAttribute(null=True)
    node_path = UnicodeAttribute(null=True)
    set_up = BooleanAttribute(default=False)
    password = UnicodeAttribute(null=True)
    totp = BinaryAttribute(legacy_encoding=False, null=True)
    totp_step = NumberAttribute(default=0)
    recovery = UnicodeSetAttribute(null=True)
    setup = UnicodeAttribute(null=True)
    setup_ends = NumberAttribute(null=True)
    counts = PlainJson(null=True)
    expires = NumberAttribute(null=True)
    in_county = _InCounty()
