"""AWS IoT Core: publish over HTTPS, QoS 1, never retained."""

from chalicelib.core import aws
from chalicelib.devices.events import Order


def carry(order: Order) -> None:
    """Publish a command; the device answers by a message of its own."""
    publish(order.topic, order.message, expiry_s=order.expiry_s)


def publish(topic: str, payload: bytes, *, expiry_s: int) -> None:
    """Publish one message that the broker drops after `expiry_s` seconds (MQTT 5)."""
    aws.client("iot-data").publish(
        topic=topic, qos=1, retain=False, payload=payload, messageExpiry=expiry_s
    )
