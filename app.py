"""The HTTP API: assembles routes, nothing else."""

from chalice.app import Chalice

from chalicelib.access.routes.calls import router as calls
from chalicelib.access.routes.credentials import router as credentials
from chalicelib.access.routes.decisions import router as decisions
from chalicelib.access.routes.desk import router as desk
from chalicelib.access.routes.gates import router as gates
from chalicelib.access.routes.lifts import router as lifts
from chalicelib.access.routes.opening import router as openings
from chalicelib.access.routes.passes import router as passes
from chalicelib.access.routes.ringing import router as rings
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
from chalicelib.identity.routes.titles import router as titles
from chalicelib.notices.routes import router as notices
from chalicelib.passages.routes.counts import router as gate_counts
from chalicelib.passages.routes.reviews import router as reviews
from chalicelib.passages.routes.traces import router as traces
from chalicelib.surveys.routes import router as surveys
from chalicelib.vehicles.routes.parks import router as parks
from chalicelib.vehicles.routes.plates import router as plates
from chalicelib.vehicles.routes.stays import router as stays
from chalicelib.vehicles.routes.visits import router as visits
from chalicelib.voting.routes.ballots import router as ballots
from chalicelib.voting.routes.committees import router as committees
from chalicelib.voting.routes.evidence import router as ballot_evidence
from chalicelib.voting.routes.procedure import router as vote_procedure
from chalicelib.voting.routes.results import router as vote_results
from chalicelib.voting.routes.rolls import router as vote_rolls
from chalicelib.voting.routes.slates import router as slates
from chalicelib.voting.routes.votes import router as votes

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
    calls,
    lifts,
    credentials,
    passes,
    decisions,
    rings,
    openings,
    gates,
    desk,
    alerts,
    notices,
    exports,
    titles,
    votes,
    vote_rolls,
    vote_procedure,
    slates,
    committees,
    ballots,
    ballot_evidence,
    surveys,
    vote_results,
    traces,
    gate_counts,
    reviews,
    plates,
    visits,
    parks,
    stays,
):
    app.register_blueprint(_router.blueprint)
