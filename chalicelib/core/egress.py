"""Which addresses we call that somebody typed in: those on the installation's own list.

An address is four decimal numbers, never a name: a name would be looked up anew at each call,
and whoever answers for it could lead us anywhere (SECURITY.md 10, rebinding).
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

HTTP_PORT = 80
FOR_ALL = ""


def refusal(host: str, port: int, listed: str, community_id: str) -> str:
    """Return why an address may not be called for a community's device, or nothing.

    `listed` (`LINLI_DRIVER_HOSTS`) names addresses or networks, each with `:port` unless
    that is 80, by commas. One after `community=` is that community's alone, also where
    another entry names it for all. What is not on the list is refused: `address_not_allowed`;
    so is what no device can have, listed or not: link-local (a cloud's credentials),
    multicast, 0.0.0.0. Another writing than four decimal numbers is `address_not_an_ip`.
    """
    try:
        address = IPv4Address(host)  # no octal, no 2130706433
    except ValueError:
        return "address_not_an_ip"
    if (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address.is_reserved
    ):
        return "address_not_allowed"
    entries = _entries(listed)
    named = {whose for whose, network, own in entries if address in network and port == own}
    owners = named - {FOR_ALL}
    ours = community_id in owners if owners else bool(named)
    return "" if ours else "address_not_allowed"


def _entries(listed: str) -> Iterator[tuple[str, IPv4Network, int]]:
    """Yield whose each entry is, its network and its port."""
    for entry in filter(None, (one.strip() for one in listed.split(","))):
        whose, _, address = entry.rpartition("=")
        network, _, port = address.strip().partition(":")
        yield whose.strip(), IPv4Network(network), int(port or HTTP_PORT)
