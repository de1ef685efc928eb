"""How a message reaches devices: one file per way, chosen by configuration."""

from chalicelib.core.plugins import Registry

NAMES = ("dahua_http", "iot_core", "loopback", "mqtt")
DRIVERS = Registry(__name__, NAMES)
