"""Rows of imports: the job, and what it still has to write, sealed."""

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.core.table import Row


class ImportJob(Row):
    """One import of an estate. Times are epoch ms."""

    class Meta:
        short = "import_jobs"

    community_id = UnicodeAttribute(hash_key=True)
    import_id = UnicodeAttribute(range_key=True)
    state = UnicodeAttribute()
    chunks = NumberAttribute()
    rooms = NumberAttribute()
    residents = NumberAttribute()
    asked_by = UnicodeAttribute()
    asked_at = NumberAttribute()
    ended_at = NumberAttribute(null=True)


class ImportChunk(Row):
    """Lines that one transaction writes: JSON, compressed, sealed under the master key.

    `state` turns with the rows it speaks of: WAITING → WRITTEN, and VOID once undone.
    """

    class Meta:
        short = "import_chunks"
        ttl = "expires"

    job_key = UnicodeAttribute(hash_key=True)
    number = NumberAttribute(range_key=True)
    community_id = UnicodeAttribute()
    state = UnicodeAttribute()
    body = BinaryAttribute(legacy_encoding=False)
    expires = NumberAttribute()
