"""The HTTP API: assembles routes, nothing else."""

from chalice.app import Chalice

from chalicelib.access.routes import router as access
from chalicelib.alerts.routes import router as alerts
from chalicelib.core import web
from chalicelib.core.openapi import router as openapi
from chalicelib.devices.routes import router as devices
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

for _router in (
    openapi,
    sessions,
    staff,
    organisation,
    people,
    imports,
    consent,
    privacy,
    disclosure,
    devices,
    access,
    alerts,
    exports,
):
    app.register_blueprint(_router.blueprint)
