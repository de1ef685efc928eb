"""Budgets of what is asked, kept in the process: floods are refused at no call (record 0015)."""

import ipaddress
import math
import threading
from collections import OrderedDict
from typing import Final

from chalicelib.core import clock
from chalicelib.core.errors import TooMany

MOST_KEPT: Final = 10_000
"""Of those who asked last, per budget: who is forgotten begins anew, with nothing used."""

ONE_CUSTOMER: Final = 64
"""Bits of an IPv6 address that one line has; the rest it chooses by itself (RFC 6177)."""


class Budget:
    """So many at once for each who asks, and one more every so many seconds.

    A token bucket, kept as the instant at which it will be full (GCRA). Exact on one machine;
    on AWS each instance of a function has its own.
    """

    def __init__(self, burst: int, every_s: float) -> None:
        self.burst = burst
        self.every_s = every_s
        self._full_at: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def charge(self, who: str) -> None:
        """Take one of somebody's; raises TooMany `too_many_requests`, which takes none."""
        now = clock.now().timestamp()
        with self._lock:
            full_at = self._full_at.get(who, 0.0)
            if not now < full_at <= now + self.burst * self.every_s:
                full_at = now  # nothing is used, or the clock was set back
            wait = full_at - now - (self.burst - 1) * self.every_s
            if wait > 0:
                raise TooMany(
                    "too_many_requests", "操作过于频繁，请稍后再试", retry_after=math.ceil(wait)
                )
            self._full_at[who] = full_at + self.every_s
            self._full_at.move_to_end(who)
            if len(self._full_at) > MOST_KEPT:
                self._full_at.popitem(last=False)


def source_of(address: str) -> str:
    """Return what counts as one source: an IPv4 address, or the network of an IPv6 one."""
    try:
        found = ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return address
    if found.version == 4:  # noqa: PLR2004 -- IPv4
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, ONE_CUSTOMER), strict=False))
