"""What the broker hands on: run by rules, and acknowledged when they are done.

The broker's session is kept for an hour and a message is acknowledged only when its rule
is done, so a restart of this process loses none. Of what a device says too fast the rest waits
here, unacknowledged, and the other devices' go before it; a flood that no sound device makes is
cut, as IoT Core throttles a connection: in the broker's queue it would push out what others say.
"""

import logging
import os
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from paho.mqtt.client import Client, ConnectFlags, MQTTMessage, MQTTv5, topic_matches_sub
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

log = logging.getLogger("bridge")

THREADS = 8
MOST_AT_ONCE = 4
"""Messages of one device on one topic that are dealt with at once. It leaves half of the threads
to the other devices, and a device has one command at a time."""

MOST_HELD, MOST_HELD_BYTES = 10_000, 16 * 1024 * 1024
"""What waits of one device and topic, half of what the broker has under way to us: a device that
empties its buffer stays far below, and one that runs wild must not take the others' place."""

SESSION_S = 3_600
PAUSE_S = 4.0
"""How long a message waits before its rule is tried again, whose queue or table is away."""

Work = Callable[[str, str, int], None]
"""(topic, payload, received at epoch milliseconds)"""


NEVER_TAKEN = ("InvalidMessageContents", "InvalidParameterValue", "ValidationException")


@dataclass
class Held:
    """What waits of one topic, not acknowledged: messages, when each came, and their bytes."""

    messages: deque[tuple[MQTTMessage, int, int]] = field(default_factory=deque)
    size: int = 0

    def take(self, message: MQTTMessage, received_at: int, connection: int) -> bool:
        """Let a message wait; False if too many do."""
        size = self.size + len(message.payload)
        if len(self.messages) >= MOST_HELD or size > MOST_HELD_BYTES:
            return False
        self.messages.append((message, received_at, connection))
        self.size = size
        return True

    def next(self) -> tuple[MQTTMessage, int, int]:
        """Return the message that waits longest."""
        first = self.messages.popleft()
        self.size -= len(first[0].payload)
        return first


class Bridge:
    """Subscribes to the filters of some rules and runs the rule for each message.

    One that `holds` lets wait what a device says too fast (QoS 1); else that is dropped.
    """

    def __init__(
        self,
        client_id: str,
        works: list[tuple[str, Work]],
        room: int = MOST_AT_ONCE,
        *,
        holds: bool = False,
    ) -> None:
        self.works = works
        self.room = room
        self.holds = holds
        self.held: dict[str, Held] = {}
        self.connection = 0
        self.stopping = threading.Event()
        self.pause_s = PAUSE_S
        self.busy: Counter[str] = Counter()
        self.counting = threading.Lock()
        self.dropped = 0
        self.subscribed = threading.Event()
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="rule")
        self.client = Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTv5, manual_ack=True
        )
        self.client.on_socket_open = without_delay
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = lambda *_: self.subscribed.set()
        self.client.on_message = self._on_message

    def start(self) -> None:
        """Connect in the background; a broker that is away is tried again each second."""
        address = urlsplit(os.environ["LINLI_BROKER_URL"])
        self.client.username_pw_set(address.username, address.password)
        self.client.reconnect_delay_set(min_delay=1, max_delay=1)
        kept = Properties(PacketTypes.CONNECT)
        kept.SessionExpiryInterval = SESSION_S
        self.client.connect_async(
            address.hostname or "127.0.0.1",
            address.port or 1883,
            keepalive=15,
            clean_start=False,
            properties=kept,
        )
        self.client.loop_start()

    def stop(self) -> None:
        """Finish what has been received, then leave; the broker keeps the rest."""
        self.stopping.set()
        self.pool.shutdown(wait=True)
        self.client.disconnect()
        self.client.loop_stop()

    def _on_connect(self, client: Client, _: Any, flags: ConnectFlags, *__: Any) -> None:
        with self.counting:
            self.connection += 1  # what came by the one before is acknowledged no more
            if flags.session_present:  # and comes again, if it was not
                self.held.clear()
        # As IoT Core's rules: what is retained was said before, and was heard then.
        options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND)
        client.subscribe([(topic, options) for topic, _ in self.works])

    def _on_message(self, _: Client, __: Any, message: MQTTMessage) -> None:
        received_at = time.time_ns() // 1_000_000
        with self.counting:
            free = self.busy[message.topic] < self.room
            if free:
                self.busy[message.topic] += 1
            elif self._waits(message, received_at):
                return
        if free:
            self._submit(message, received_at, self.connection)
            return
        self.dropped += 1
        if self.dropped % 1_000 == 1:
            log.warning("%s floods: %d dropped, of all topics", message.topic, self.dropped)
        self._ack(message)

    def _ack(self, message: MQTTMessage) -> None:
        self.client.ack(message.mid, message.qos)

    def _waits(self, message: MQTTMessage, received_at: int) -> bool:
        if not self.holds or message.qos == 0:
            return False
        held = self.held.setdefault(message.topic, Held())
        return held.take(message, received_at, self.connection)

    def _submit(self, message: MQTTMessage, received_at: int, connection: int) -> None:
        try:
            self.pool.submit(self._run, message, received_at, connection)
        except RuntimeError:
            return  # stopping: not acknowledged, so the broker brings it again

    def _run(self, message: MQTTMessage, received_at: int, connection: int) -> None:
        """Run the rules of one message and acknowledge it."""
        payload = message.payload.decode("utf-8", "replace")
        for topic, work in self.works:
            if topic_matches_sub(topic, message.topic) and not self._done(
                partial(work, message.topic, payload, received_at), message.topic
            ):
                return
        if connection == self.connection:  # else the number may be another message's by now
            self._ack(message)
        if following := self._following(message.topic):
            self._submit(*following)

    def _done(self, work: Callable[[], None], topic: str) -> bool:
        """Run a rule; False if we stop while what it needs is away: the message comes again.

        Any other rule that fails drops its message, as IoT Core does.
        """
        while True:
            try:
                work()
            except (BotoCoreError, ClientError) as failure:
                if not self.holds or _never_taken(failure):
                    log.exception("rule for %s failed", topic)
                    return True
                log.warning("%s waits: %s", topic, failure)
            except Exception:
                log.exception("rule for %s failed", topic)
                return True
            else:
                return True
            if self.stopping.wait(self.pause_s):
                return False

    def _following(self, topic: str) -> tuple[MQTTMessage, int, int] | None:
        """Return what waits longest of a topic, in the room of one that is done."""
        with self.counting:
            held = self.held.get(topic)
            if held is not None:
                following = held.next()
                if not held.messages:
                    del self.held[topic]
                return following
            self.busy[topic] -= 1
            self.busy += Counter()  # forgets topics that wait for nothing
            return None


def _never_taken(failure: BotoCoreError | ClientError) -> bool:
    """Return whether a message would be refused for ever."""
    answer: Any = failure.response if isinstance(failure, ClientError) else {}
    return answer.get("Error", {}).get("Code") in NEVER_TAKEN


def without_delay(_: Client, __: Any, connection: Any) -> None:
    """Send small packets at once; Nagle's algorithm costs 44 ms a round trip here."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
