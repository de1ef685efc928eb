"""Decoders: one file per layout of model outputs, from raw arrays to sightings."""

from chalicelib.core.plugins import Registry

NAMES = ("classifier",)
DECODERS = Registry(__name__, NAMES)
