"""Detectors: one file per engine that turns a picture's bytes into a model's raw outputs."""
