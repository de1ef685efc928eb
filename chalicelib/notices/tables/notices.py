"""Rows of messages to phones, and of how many each person agreed to."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection

from chalicelib.core import clock
from chalicelib.core.table import PlainJson, Row, shard_of, shards
from chalicelib.notices.rules.states import NoticeState


class _Due(GlobalSecondaryIndex["Notice"]):
    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class Notice(Row):
    """One message to one person about one thing; times are epoch ms, `expires` seconds.

    `account` is the WeChat account whose consent it took (a blind index), `words` what our
    templates may say. While it is not at its end, `shard` and `due_at` put it on the list of
    what is to be looked after.
    """

    class Meta:
        short = "notices"
        ttl = "expires"

    person_key = UnicodeAttribute(hash_key=True)
    notice_id = UnicodeAttribute(range_key=True)
    community_id = UnicodeAttribute()
    person_id = UnicodeAttribute()
    about = UnicodeAttribute()
    cause_id = UnicodeAttribute()
    state = UnicodeAttribute()
    reason = UnicodeAttribute(null=True)
    template_id = UnicodeAttribute(null=True)
    account = UnicodeAttribute(null=True)
    words: PlainJson = PlainJson(default=dict)
    deadline = NumberAttribute()
    made_at = NumberAttribute()
    ended_at = NumberAttribute(null=True)
    shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    expires = NumberAttribute()
    due = _Due()

    @classmethod
    def overdue(cls, at: datetime, limit: int) -> Iterator[tuple[str, str]]:
        """Yield the keys of messages that are to be looked after."""
        for shard in shards("notice"):
            for row in cls.due.query(shard, cls.due_at <= clock.epoch_ms(at), limit=limit):
                yield row.person_key, row.notice_id

    def goes_on(self, state: NoticeState, due: datetime) -> None:
        """Have the message looked after at an instant."""
        self.state, self.due_at = state.value, clock.epoch_ms(due)
        self.shard = shard_of("notice", self.notice_id)

    def ends(self, state: NoticeState, reason: str, at: datetime) -> None:
        """Bring the message to its end."""
        self.state, self.reason = state.value, reason or None
        self.ended_at = clock.epoch_ms(at)
        self.shard = self.due_at = None

    def said(self) -> Mapping[str, str]:
        """Return the words."""
        return {str(name): str(word) for name, word in (self.words or {}).items()}


class MessageConsent(Row):
    """How many messages of a template a person agreed to that were not sent yet.

    WeChat counts by account: `account` is whose consents these are (a blind index), and
    another account of the same person begins at none. A person of two communities has two
    rows: each community spends what was agreed to there.
    """

    class Meta:
        short = "message_consents"

    person_key = UnicodeAttribute(hash_key=True)
    template_id = UnicodeAttribute(range_key=True)
    community_id = UnicodeAttribute()
    account = UnicodeAttribute()
    left = NumberAttribute(default=0)
    asked_at = NumberAttribute()

    def left_to(self, account: str) -> int:
        """Return how many are left to an account."""
        return int(self.left) if self.account == account else 0
