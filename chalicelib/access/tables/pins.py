"""Rows of PINs: which a flat has, and who guessed wrong at which door."""

from collections.abc import Sequence
from datetime import datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.access.rules.pins import Guesses, Live
from chalicelib.core import clock
from chalicelib.core.table import PlainJson, Row, tenant_key

EVERY = "-"
"""Stands for the flat where all flats' guesses at a door are counted together."""


class FlatPins(Row):
    """The live PINs of one flat, by their keyed hashes: at most five, no two alike."""

    class Meta:
        short = "flat_pins"

    flat_key = UnicodeAttribute(hash_key=True)
    community_id = UnicodeAttribute()
    held = PlainJson(default=list)

    def live(self, at: datetime) -> list[Live]:
        """Return those that are not over."""
        return [pin for one in self.held if (pin := _live(one)).ends is None or at < pin.ends]

    def keep(self, pins: Sequence[Live]) -> None:
        """Hold these and no others."""
        self.held = [
            [pin.holder, pin.pin_hash, None if pin.ends is None else clock.epoch_ms(pin.ends)]
            for pin in pins
        ]


class PinGuesses(Row):
    """Wrong PINs of late at one door for one flat (or `EVERY`); one row a day of UTC.

    A row of the day needs no cleaning and is never found half forgotten; midnight forgives.
    """

    class Meta:
        short = "pin_guesses"
        ttl = "expires"

    guess_key = UnicodeAttribute(hash_key=True)
    community_id = UnicodeAttribute()
    failed_at = PlainJson(default=list)
    locked_until = NumberAttribute(null=True)
    expires = NumberAttribute()

    @property
    def guesses(self) -> Guesses:
        """Return what the rules decide on."""
        until = self.locked_until
        return Guesses(
            tuple(clock.from_epoch_ms(int(one)) for one in self.failed_at),
            None if until is None else clock.from_epoch_ms(int(until)),
        )

    def keep(self, guesses: Guesses) -> None:
        """Keep guesses."""
        self.failed_at = [clock.epoch_ms(one) for one in guesses.failed_at]
        until = guesses.locked_until
        self.locked_until = None if until is None else clock.epoch_ms(until)


def guess_key(community_id: str, device_id: str, unit_id: str, at: datetime) -> str:
    """Return the key of a door's guesses for a flat on the day of an instant."""
    return tenant_key(community_id, device_id, unit_id, at.strftime("%Y%m%d"))


def _live(one: Sequence[str | int | None]) -> Live:
    holder, pin_hash, ends = one
    return Live(
        str(holder), str(pin_hash), None if ends is None else clock.from_epoch_ms(int(ends))
    )
