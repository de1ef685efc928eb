"""Detectors: one file per engine that turns a picture's bytes into a model's raw outputs."""

from chalicelib.core.plugins import Registry

NAMES = ("onnx_cpu",)
DETECTORS = Registry(__name__, NAMES)
