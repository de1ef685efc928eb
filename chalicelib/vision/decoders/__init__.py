"""Decoders: one file per layout of model outputs, from raw arrays to sightings."""
