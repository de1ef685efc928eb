"""How others are asked who somebody is: one file per provider."""

from chalicelib.core.plugins import Registry

NAMES = ("wechat",)
GATEWAYS = Registry(__name__, NAMES)
