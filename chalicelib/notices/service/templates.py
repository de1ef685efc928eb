"""This installation's templates."""

from collections.abc import Mapping
from functools import lru_cache

from chalicelib.core.config import settings
from chalicelib.notices.rules.templates import About, Template, read


def templates() -> Mapping[About, Template]:
    """Return the templates by what they are about."""
    return _read(settings().wechat_templates)


@lru_cache(maxsize=4)
def _read(text: str) -> Mapping[About, Template]:
    return read(text or "{}")
