"""What other domains may ask of identity."""

from chalicelib.identity.service import (
    add_unit,
    answerers,
    found_community,
    move_in,
    units_of,
)

__all__ = ["add_unit", "answerers", "found_community", "move_in", "units_of"]
