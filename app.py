"""The HTTP API: assembles routes, nothing else."""

from chalice.app import Chalice

from chalicelib.access.routes import router as access
from chalicelib.alerts.routes import router as alerts
from chalicelib.core import web
from chalicelib.core.openapi import router as openapi
from chalicelib.devices.routes.adapters import router as adapters
from chalicelib.devices.routes.commands import router as commands
from chalicelib.devices.routes.health import router as device_health
from chalicelib.devices.routes.keys import router as device_keys
from chalicelib.devices.routes.registry import router as devices
from chalicelib.devices.routes.sheets import router as device_sheets
from chalicelib.devices.routes.telemetry import router as telemetry
from chalicelib.devices.routes.uplink import router as uplink
from chalicelib.exports.routes import router as exports
from chalicelib.identity.routes.consent import router as consent
from chalicelib.identity.routes.disclosure import router as disclosure
from chalicelib.identity.routes.imports import router as imports
from chalicelib.identity.routes.organisation import router as organisation
from chalicelib.identity.routes.people import router as people
from chalicelib.identity.routes.privacy import router as privacy
from chalicelib.identity.routes.sessions import router as sessions
from chalicelib.identity.routes.staff import router as staff

app = Chalice(app_name="linli")
app.register_middleware(web.middleware, "http")
# Cameras send pictures, and XML in encodings of their own: byte by byte.
app.api.binary_types += ["multipart/form-data", "application/xml", "text/xml"]

for _router in (
    openapi,
    sessions,
    staff,
    organisation,
    people,
    imports,
    consent,
    privacy,
    uplink,
    disclosure,
    devices,
    device_keys,
    device_sheets,
    adapters,
    telemetry,
    device_health,
    commands,
    access,
    alerts,
    exports,
):
    app.register_blueprint(_router.blueprint)
