"""The HTTP API: assembles routes, nothing else."""

from chalice.app import Chalice

from chalicelib.access.routes import router as access
from chalicelib.alerts.routes import router as alerts
from chalicelib.core import web
from chalicelib.core.openapi import router as openapi
from chalicelib.devices.routes import router as devices
from chalicelib.identity.routes import router as identity

app = Chalice(app_name="linli")
app.register_middleware(web.middleware, "http")

for _router in (openapi, identity, devices, access, alerts):
    app.register_blueprint(_router.blueprint)
