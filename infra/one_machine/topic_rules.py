"""IoT rules on one machine: what devices say is stored, queued, or handed to a function.

The broker's session is kept for an hour and a message is acknowledged only when its rule
is done, so a restart of this process loses none. One device's flood is cut here, as IoT Core
throttles a connection: in the broker's queue it would push out what others say.
"""

import json
import logging
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from paho.mqtt.client import Client, MQTTMessage, MQTTv5, topic_matches_sub
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from chalicelib.core.config import settings
from chalicelib.core.table import table_name
from functions.wakes import Function, Topic, TopicRule
from infra.one_machine.invoke import Target

log = logging.getLogger("topic_rules")

THREADS = 8
MOST_AT_ONCE = 4
"""Messages of one device on one topic that are dealt with at once; more are dropped. It leaves
half of the threads to the other devices, and a device has one command at a time."""

SESSION_S = 3_600
LARGEST_ITEM = 64 * 1024

Work = Callable[[str, str, int], None]
"""(topic, payload, received at epoch milliseconds)"""


class Bridge:
    """Subscribes to the filters of some rules and runs the rule for each message."""

    def __init__(self, client_id: str, works: list[tuple[str, Work]]) -> None:
        self.works = works
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
        self.pool.shutdown(wait=True)
        self.client.disconnect()
        self.client.loop_stop()

    def _on_connect(self, client: Client, *_: Any) -> None:
        client.subscribe([(topic, 1) for topic, _ in self.works])

    def _on_message(self, _: Client, __: Any, message: MQTTMessage) -> None:
        received_at = time.time_ns() // 1_000_000
        if not self._room(message.topic):
            self.client.ack(message.mid, message.qos)
            return
        try:
            self.pool.submit(self._run, message, received_at)
        except RuntimeError:
            return  # stopping: not acknowledged, so the broker brings it again

    def _room(self, topic: str) -> bool:
        with self.counting:
            if self.busy[topic] < MOST_AT_ONCE:
                self.busy[topic] += 1
                return True
        self.dropped += 1
        if self.dropped % 1_000 == 1:
            log.warning("%s floods: %d dropped, of all topics", topic, self.dropped)
        return False

    def _run(self, message: MQTTMessage, received_at: int) -> None:
        """Run the rules of one message; one that fails drops it, as IoT Core does."""
        payload = message.payload.decode("utf-8", "replace")
        for topic, work in self.works:
            if topic_matches_sub(topic, message.topic):
                try:
                    work(message.topic, payload, received_at)
                except Exception:
                    log.exception("rule for %s failed", message.topic)
        with self.counting:
            self.busy[message.topic] -= 1
            self.busy += Counter()  # forgets topics that wait for nothing
        self.client.ack(message.mid, message.qos)


def bridges(
    rules: tuple[TopicRule, ...], functions: tuple[Function, ...], clients: Any
) -> tuple[Bridge, Bridge]:
    """Return the bridge of what is stored, which people wait for, and that of all else.

    Each has threads of its own, so that greetings do not hold up acknowledgements.
    """
    stored = [(rule.filter, _storing(rule, clients)) for rule in rules]
    told = [
        (wake.filter, _invoking(Target.of(function)))
        for function in functions
        for wake in function.wakes
        if isinstance(wake, Topic)
    ]
    return Bridge("linli-acks", stored), Bridge("linli-rules", told)


def _storing(rule: TopicRule, clients: Any) -> Work:
    """Return the rule's two actions: an item keyed by the device, and a message about it."""
    dynamodb, sqs = clients("dynamodb"), clients("sqs")

    def store(topic: str, payload: str, received_at: int) -> None:
        item = acknowledgement(rule, topic, payload, received_at)
        if item is None:
            log.warning("message on %s is not for this rule", topic)
            return
        dynamodb.put_item(TableName=table_name(rule.table), Item=item)
        _, _, community, device, _ = topic.split("/")
        told = {
            "community_id": community,
            "device_id": device,
            "payload": payload,
            "received_at": received_at,
        }
        sqs.send_message(
            QueueUrl=settings().queue_prefix + rule.queue,
            MessageBody=json.dumps(told, ensure_ascii=False),
        )

    return store


def acknowledgement(
    rule: TopicRule, topic: str, payload: str, received_at: int
) -> dict[str, Any] | None:
    """Return the item that the rule writes, or None if the message has no usable `id`."""
    _, _, community, device, _ = topic.split("/")
    try:
        message_id = json.loads(payload)["id"]
    except (ValueError, KeyError, TypeError):
        return None
    if not isinstance(message_id, str) or not message_id or len(payload) > LARGEST_ITEM:
        return None
    return {
        "device_id": {"S": device},
        "command_id": {"S": message_id[:256]},
        "community_id": {"S": community},
        "payload": {"S": payload},
        "received_at": {"N": str(received_at)},
        "expires": {"N": str(received_at // 1000 + rule.kept_s)},
    }


def _invoking(target: Target) -> Work:
    def pass_on(topic: str, payload: str, received_at: int) -> None:
        target({"topic": topic, "payload": payload, "received_at": received_at})

    return pass_on


def without_delay(_: Client, __: Any, connection: Any) -> None:
    """Send small packets at once; Nagle's algorithm costs 44 ms a round trip here."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
