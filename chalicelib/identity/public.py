"""What other domains may ask of identity."""

from chalicelib.identity.rules.consent import Purpose
from chalicelib.identity.service.consent import may_ask, require_consent
from chalicelib.identity.service.import_runs import write_import
from chalicelib.identity.service.lapses import end_consents, expire_consents
from chalicelib.identity.service.organisation import (
    Place,
    add_unit,
    attach,
    found_community,
    join_estates,
    plant,
    routes_to,
)
from chalicelib.identity.service.people import (
    answerers,
    holders,
    move_in,
    move_out,
    register_person,
    units_of,
)
from chalicelib.identity.service.privacy import replay_deletions

__all__ = [
    "Place",
    "Purpose",
    "add_unit",
    "answerers",
    "attach",
    "end_consents",
    "expire_consents",
    "found_community",
    "holders",
    "join_estates",
    "may_ask",
    "move_in",
    "move_out",
    "plant",
    "register_person",
    "replay_deletions",
    "require_consent",
    "routes_to",
    "units_of",
    "write_import",
]
