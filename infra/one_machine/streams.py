"""DynamoDB stream event source: reads shards in order, invokes, remembers how far it came."""

import base64
import itertools
import logging
import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.core.table import table_name
from functions.wakes import Stream
from infra.one_machine.home import Home
from infra.one_machine.invoke import Target

log = logging.getLogger("streams")

BATCH = 100
IDLE_S = (0.02, 0.1)
"""Pause after an empty read: short just after something came, longer when all is quiet."""

QUIET_AFTER_S = 2.0
LOOK_FOR_SHARDS_S = 10.0
NOTE_EVERY_S = 0.5
STALE = ("TrimmedDataAccessException", "ExpiredIteratorException")
TRIES = 6
"""A batch that fails so often is left to the sweep, which sends what is still waiting."""

PAUSES_S = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0)
"""Before each further try; the last one again and again for what no sweep would bring."""

Record = dict[str, Any]


class StreamReader:
    """Reads one table's stream for one function until told to stop."""

    def __init__(
        self, target: Target, stream: Stream, home: Home, clients: Any, stopping: threading.Event
    ) -> None:
        self.target, self.home, self.stopping = target, home, stopping
        self.tries: Iterable[int] = range(TRIES) if stream.swept else itertools.count()
        self.table = table_name(stream.table)
        self.dynamodb, self.streams = clients("dynamodb"), clients("dynamodbstreams")
        self.idle = threading.Event()
        self.arn = ""
        self.iterators: dict[str, str] = {}
        self.seen: dict[str, str] = {}
        """Shard → sequence number of the last record that was dealt with."""
        self.closed: set[str] = set()
        self.looked = self.noted = self.moved = 0.0
        self.note: dict[str, Any] = {}

    def run(self) -> None:
        """Read until told to stop; after any trouble with the engine, open the stream anew."""
        self.idle.set()
        while not self.stopping.is_set():
            try:
                self._open()
                while not self.stopping.is_set():
                    self._round()
            except (BotoCoreError, ClientError) as failure:
                log.warning("%s: %s", self.table, failure)
                self.stopping.wait(0.5)
        self._note()

    def _open(self) -> None:
        found = self.dynamodb.describe_table(TableName=self.table)["Table"]
        if found["LatestStreamArn"] != self.arn:
            self.arn = found["LatestStreamArn"]
            kept = self.home.recall(f"stream-{self.table}") or {}
            self.seen = kept.get("seen", {}) if kept.get("arn") == self.arn else {}
            self.closed = set()
        self.iterators, self.looked = {}, 0.0

    def _round(self) -> None:
        """Read each open shard once."""
        if time.monotonic() - self.looked > LOOK_FOR_SHARDS_S:
            self._look_for_shards()
        moved = False
        for shard in list(self.iterators):
            moved |= self._read(shard)
        self._pause(moved=moved)

    def _read(self, shard: str) -> bool:
        """Read a shard once; return whether anything was there."""
        try:
            reply = self.streams.get_records(ShardIterator=self.iterators[shard], Limit=BATCH)
        except ClientError as failure:
            if failure.response["Error"]["Code"] not in STALE:
                raise
            # The engine says so, too, when the first record comes into an empty shard.
            self.iterators[shard] = self._iterator_from(shard, ShardIteratorType="TRIM_HORIZON")
            return False
        if records := reply["Records"]:
            self._deal_with(shard, records)
        if "NextShardIterator" in reply:
            self.iterators[shard] = reply["NextShardIterator"]
        else:
            self._close(shard)
        return bool(records)

    def _pause(self, *, moved: bool) -> None:
        at = time.monotonic()
        if at - self.noted > NOTE_EVERY_S:
            self._note()
        if moved:
            self.moved = at
        else:
            self.stopping.wait(IDLE_S[at - self.moved > QUIET_AFTER_S])

    def _look_for_shards(self) -> None:
        """Open the shards whose parents are finished, so that a key's changes stay in order."""
        shards = self._shards()
        present = {shard["ShardId"] for shard in shards}
        for shard in shards:
            name, parent = shard["ShardId"], shard.get("ParentShardId")
            waiting = parent in present and parent not in self.closed
            if name not in self.iterators and name not in self.closed and not waiting:
                self.iterators[name] = self._iterator(name)
        self.seen = {name: at for name, at in self.seen.items() if name in present}
        self.looked = time.monotonic()

    def _shards(self) -> list[dict[str, Any]]:
        shards: list[dict[str, Any]] = []
        more: dict[str, str] = {}
        while True:
            described = self.streams.describe_stream(StreamArn=self.arn, **more)
            page = described["StreamDescription"]
            shards += page["Shards"]
            if "LastEvaluatedShardId" not in page:
                return shards
            more = {"ExclusiveStartShardId": page["LastEvaluatedShardId"]}

    def _iterator(self, shard: str) -> str:
        last = self.seen.get(shard)
        if last:
            try:
                return self._iterator_from(
                    shard, ShardIteratorType="AFTER_SEQUENCE_NUMBER", SequenceNumber=last
                )
            except ClientError as failure:
                log.warning("%s: %s; from the oldest record", shard, failure)
        return self._iterator_from(shard, ShardIteratorType="TRIM_HORIZON")

    def _iterator_from(self, shard: str, **where: str) -> str:
        found = self.streams.get_shard_iterator(StreamArn=self.arn, ShardId=shard, **where)
        iterator: str = found["ShardIterator"]
        return iterator

    def _deal_with(self, shard: str, records: list[Record]) -> None:
        """Invoke the function with the inserts among these records until it has taken them."""
        inserts = [record for record in records if record["eventName"] == "INSERT"]
        self.idle.clear()
        for attempt in self.tries:
            if not inserts or self._taken(inserts):
                break
            self.stopping.wait(PAUSES_S[min(attempt, len(PAUSES_S) - 1)])
            if self.stopping.is_set():
                self.idle.set()
                return
        else:
            log.error("%s gave up on %d records", self.target.name, len(inserts))
        self.seen[shard] = records[-1]["dynamodb"]["SequenceNumber"]
        self.idle.set()

    def _taken(self, inserts: list[Record]) -> bool:
        event = {"Records": [self._record(insert) for insert in inserts]}
        try:
            reply = self.target(event) or {}
        except Exception:
            log.exception("%s failed on %d records", self.target.name, len(inserts))
            return False
        return not reply.get("batchItemFailures")

    def _record(self, found: Record) -> Record:
        change = dict(found["dynamodb"])
        change["ApproximateCreationDateTime"] = change["ApproximateCreationDateTime"].timestamp()
        return {**found, "dynamodb": _json(change), "eventSourceARN": self.arn}

    def _close(self, shard: str) -> None:
        self.iterators.pop(shard)
        self.closed.add(shard)
        self.looked = 0.0

    def _note(self) -> None:
        """Keep how far we came; a lost note only repeats what consumers know already."""
        self.noted = time.monotonic()
        note = {"arn": self.arn, "seen": dict(self.seen)}
        if self.arn and note != self.note:
            self.home.remember(f"stream-{self.table}", note, synced=False)
            self.note = note


def _json(value: Any) -> Any:
    """Return an image as Lambda's JSON has it: bytes in base64."""
    if isinstance(value, Mapping):
        return {key: _json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_json(inner) for inner in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value
