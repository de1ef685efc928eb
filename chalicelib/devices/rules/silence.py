"""Pure rules of silence: how often a device should be heard, and when it counts as gone.

A device is suspected after it missed a beat, and gone only after three. Times are epoch
milliseconds.
"""

from dataclasses import dataclass
from datetime import timedelta

from chalicelib.devices.rules.catalogue import PROFILES, Kind
from chalicelib.devices.rules.health import HOUR_MS, Health

SLACK_MS = 30_000
"""How late a beat may be for reasons of ours: queues, retries."""

VENDORS_MS = 8 * HOUR_MS
"""How often a vendor's device is heard if nobody says otherwise: many speak only when something
happens, and at a lane nothing does for a night. After three times that it is gone."""

SPEAKS_FOR_OTHERS_MS = HOUR_MS
"""How often a vendor's gateway is heard that says nothing of itself."""

LEAST_WILL_MS = 90_000
"""For how long a device may be away from the broker: it comes back by itself."""


@dataclass(frozen=True)
class Above:
    """What a device speaks through: when that was heard, and whether it is itself in trouble."""

    seen_at: int
    in_trouble: bool


@dataclass(frozen=True)
class Sight:
    """What is seen of a device now: how often it should be heard, and when it was (0: never).

    `through` is its gateway, if it has one, and `above` what is seen of that, if it matters.
    """

    at: int
    every_ms: int
    seen_at: int = 0
    through: str = ""
    above: Above | None = None

    @property
    def patience_ms(self) -> int:
        """Return how long a device may be silent before it is gone."""
        return self.every_ms * 3 + SLACK_MS


@dataclass(frozen=True)
class Deadlines:
    """Until when silence is nothing, and until when it is only suspect."""

    suspect_at: int
    offline_at: int


def every_ms(kind: str, silence_s: int | None, *, adapted: bool) -> int:
    """Return how often a device is heard at the least while it works.

    What staff said of a vendor's device goes first. Else one that speaks its maker's format, by
    itself or through a vendor's gateway, promised us no heartbeat; a vendor's gateway speaks
    when its children do.
    """
    if silence_s:
        return silence_s * 1000
    if adapted and kind == Kind.GATEWAY:
        return SPEAKS_FOR_OTHERS_MS
    every = PROFILES[Kind(kind)].heartbeat // timedelta(milliseconds=1)
    return max(every, VENDORS_MS) if adapted else every


def sign_of(health: Health, sight: Sight) -> int:
    """Return when a device last gave a sign of life: an event, or that it connected."""
    return max(sight.seen_at, health.will_at if health.will_online else 0)


def silent_since(health: Health, sight: Sight) -> int:
    """Return from when a device's silence counts: its last sign, or when it began to count."""
    return max(sign_of(health, sight), health.watched_since, health.resumed_at)


def deadlines(health: Health, sight: Sight) -> Deadlines:
    """Return when a device's silence becomes suspect, and when it is gone.

    The broker's word that it lost a device is suspicion at once, and makes it gone sooner.
    """
    sign = silent_since(health, sight)
    suspect_at = sign + sight.every_ms * 3 // 2 + SLACK_MS
    offline_at = sign + sight.patience_ms
    if not health.will_online and health.will_at > sign:
        suspect_at = min(suspect_at, health.will_at)
        offline_at = min(offline_at, health.will_at + max(LEAST_WILL_MS, sight.every_ms))
    return Deadlines(suspect_at, offline_at)


def is_gone(health: Health, sight: Sight) -> bool:
    """Return whether a device has been silent for longer than any that works."""
    return sight.at >= deadlines(health, sight).offline_at
