"""Rows of devices."""

from pynamodb.attributes import (
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.indexes import (
    GlobalSecondaryIndex,
    IncludeProjection,
)

from chalicelib.core.table import PlainJson, Row, tenant_key
from chalicelib.devices.rules.commands import Hello
from chalicelib.devices.rules.registry import Standing, spelt

BOOT_FORGOTTEN_MS = 60_000

LISTED = ("name", "place_id", "node_path", "gateway_id", "standing", "serial")
"""What lists show beside ids and kind. Keys and secrets are copied into no index, and what a
device announces (`note_hello`) rewrites none."""

_RETIRED = "retired"
"""Stands for the kind in the list of retired devices: no kind is called so."""


class _ByCommunity(GlobalSecondaryIndex["Device"]):
    class Meta:
        index_name = "by_community"
        projection = IncludeProjection([*LISTED, "kind", "vendor", "enrolled_at", "retired_at"])

    community_id = UnicodeAttribute(hash_key=True)
    device_id = UnicodeAttribute(range_key=True)


class _ByPlace(GlobalSecondaryIndex["Device"]):
    class Meta:
        index_name = "by_place"
        projection = IncludeProjection([*LISTED, "community_id", "node_key"])

    place_key = UnicodeAttribute(hash_key=True)
    kind = UnicodeAttribute(range_key=True)


class _ByKind(GlobalSecondaryIndex["Device"]):
    class Meta:
        index_name = "by_kind"
        projection = IncludeProjection([*LISTED, "community_id", "kind"])

    kind_key = UnicodeAttribute(hash_key=True)
    device_id = UnicodeAttribute(range_key=True)


class _ByNode(GlobalSecondaryIndex["Device"]):
    class Meta:
        index_name = "by_node"
        projection = IncludeProjection([*LISTED, "kind"])

    community_id = UnicodeAttribute(hash_key=True)
    node_key = UnicodeAttribute(range_key=True)


class _ByGateway(GlobalSecondaryIndex["Device"]):
    class Meta:
        index_name = "by_gateway"
        projection = IncludeProjection(["community_id", "kind", "serial"])

    gateway_id = UnicodeAttribute(hash_key=True)
    device_id = UnicodeAttribute(range_key=True)


class Device(Row):
    """A device: found by its id alone, because a signed request names nothing else.

    The id is the logical one and outlives a swap of the hardware (`serial`, `model`,
    `vendor`, `firmware`). `node_path` is where it stands in the organisation tree, `place_id`
    the door, lift or room that it serves, `gateway_id` what it speaks through, and `children` how
    many in service speak through it. `driver` names
    the plugin that carries its commands (empty: the installation's own bus) and `address` is
    what that plugin needs; `adapter` names the plugin that reads what its vendor sends, and
    `silence_s` is how long such a device may be silent while it works (else its kind's).

    `keys` holds its live keys by id in the order of their making, `keys_made` how many there
    ever were (an id is never used again), `hardware` how many pieces of hardware stood under
    the id. A sealed HMAC key is a text, a public one `{"ed25519": base64}`.

    `session`, `boot` and `hello_at` are what it last announced on the broker, `hello_uptime`
    its milliseconds since that boot, and `hello_key` with which key, in one item with its keys
    so that one read is enough to command it.
    """

    class Meta:
        short = "devices"

    device_id = UnicodeAttribute(hash_key=True)
    community_id = UnicodeAttribute()
    kind = UnicodeAttribute()
    place_id = UnicodeAttribute()
    place_key = UnicodeAttribute(null=True)
    name = UnicodeAttribute()
    keys = PlainJson()
    keys_made = NumberAttribute(default=1)
    hardware = NumberAttribute(default=1)
    swapped_at = NumberAttribute(null=True)
    kind_key = UnicodeAttribute(null=True)
    node_key = UnicodeAttribute(null=True)
    standing = UnicodeAttribute(default=Standing.IN_SERVICE.value)
    maintained_until = NumberAttribute(null=True)
    node_path = UnicodeAttribute(null=True)
    gateway_id = UnicodeAttribute(null=True)
    children = NumberAttribute(default=0)
    vendor = UnicodeAttribute(null=True)
    model = UnicodeAttribute(null=True)
    serial = UnicodeAttribute(null=True)
    firmware = UnicodeAttribute(null=True)
    warranty_until = UnicodeAttribute(null=True)
    driver = UnicodeAttribute(null=True)
    address = UnicodeAttribute(null=True)
    adapter = UnicodeAttribute(null=True)
    adapter_token = UnicodeAttribute(null=True)
    adapter_settings = UnicodeAttribute(null=True)
    silence_s = NumberAttribute(null=True)
    enrolled_at = NumberAttribute(default=0)
    retired_at = NumberAttribute(null=True)
    hello_key = UnicodeAttribute(null=True)
    session = UnicodeAttribute(null=True)
    boot = NumberAttribute(default=0)
    hello_at = NumberAttribute(default=0)
    hello_uptime = NumberAttribute(null=True)
    by_community = _ByCommunity()
    by_place = _ByPlace()
    by_kind = _ByKind()
    by_node = _ByNode()
    by_gateway = _ByGateway()

    def stand(self, place_id: str, node_path: str | None) -> None:
        """Stand at a place and a node, in every list that goes by them."""
        self.place_id, self.place_key = place_id, tenant_key(self.community_id, place_id)
        self.kind_key = tenant_key(self.community_id, self.kind)
        self.node_path = node_path
        self.node_key = f"{node_path}/#{self.device_id}" if node_path else None

    def leave(self) -> None:
        """Stand in no list any more but that of the retired; the record stays."""
        self.place_key = self.node_key = self.gateway_id = None
        self.kind_key = retired_key(self.community_id)


class DeviceSerial(Row):
    """Which device of a community has a serial number; no two have the same."""

    class Meta:
        short = "device_serials"

    serial_key = UnicodeAttribute(hash_key=True)
    community_id = UnicodeAttribute()
    device_id = UnicodeAttribute()


def retired_key(community_id: str) -> str:
    """Return the key of the list of a community's retired devices (`by_kind`)."""
    return tenant_key(community_id, _RETIRED)


def serial_key(community_id: str, serial: str) -> str:
    """Return the key of a serial number of a community."""
    return tenant_key(community_id, spelt(serial))


def note_hello(device_id: str, hello: Hello, at_ms: int, *, key_id: str | None = None) -> bool:
    """Keep a device's newest session; False if a newer one was announced before.

    Of one boot the greater `monotonic` is newer: somebody may send an older hello again. A
    device that was reset may count its boots from the beginning: after a minute of silence a
    lower one is believed. `key_id` names the key that it signed with.
    """
    boot, uptime = hello.boot, hello.monotonic
    announced = [Device.session.set(hello.session), Device.boot.set(boot)]
    announced += [Device.hello_at.set(at_ms), Device.hello_uptime.set(uptime)]
    announced += [Device.hello_key.set(key_id)] if key_id else []
    forgotten = Device.hello_at < at_ms - BOOT_FORGOTTEN_MS
    later = Device.hello_uptime.does_not_exist() | (Device.hello_uptime < uptime)
    follows = (Device.boot < boot) | ((Device.boot == boot) & later)
    newest = Device.device_id.exists() & (follows | ((Device.boot > boot) & forgotten))
    return Device(device_id=device_id).changed(announced, newest)
