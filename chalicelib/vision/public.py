"""What others may ask of vision."""

from chalicelib.vision.service import PackRefused, examine, open_pack

__all__ = ["PackRefused", "examine", "open_pack"]
