"""How vendors' own messages become events: one file per vendor's format, each one function."""

from chalicelib.core.plugins import Registry

NAMES = ("chirpstack", "dahua", "hikvision_access", "hikvision_anpr", "mapper", "tuya")
ADAPTERS = Registry(__name__, NAMES)
