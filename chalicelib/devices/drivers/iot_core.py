"""AWS IoT Core: publish over HTTPS, QoS 1, never retained."""

from chalicelib.core import aws


def publish(topic: str, payload: bytes, *, expiry_s: int) -> None:
    """Publish one message that the broker drops after `expiry_s` seconds (MQTT 5)."""
    aws.client("iot-data").publish(
        topic=topic, qos=1, retain=False, payload=payload, messageExpiry=expiry_s
    )
