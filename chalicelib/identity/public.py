"""What other domains may ask of identity."""

from chalicelib.identity.rules.consent import Purpose
from chalicelib.identity.service.audit import names_for
from chalicelib.identity.service.bodies import attach, routes_to
from chalicelib.identity.service.consent import may_ask, require_consent
from chalicelib.identity.service.deletion import finish as finish_deletion
from chalicelib.identity.service.deletion import finish_deletions, forget_leavers
from chalicelib.identity.service.deletion import replay as replay_deletions
from chalicelib.identity.service.guardians import is_ward
from chalicelib.identity.service.guardians import subject as spoken_for
from chalicelib.identity.service.held import held_of, units_known
from chalicelib.identity.service.import_runs import write_import
from chalicelib.identity.service.lapses import end_consents, expire_consents
from chalicelib.identity.service.moves import move_in, move_out
from chalicelib.identity.service.organisation import (
    Place,
    add_unit,
    found_community,
    plant,
)
from chalicelib.identity.service.people import (
    answerers,
    lives_at,
    lives_in,
    name_of,
    owned_by,
    register_person,
    speaks_for,
    tied_to,
    units_of,
)
from chalicelib.identity.service.posts import holders
from chalicelib.identity.service.sight import community_in_sight as estate_in_sight
from chalicelib.identity.service.sight import sees_unit
from chalicelib.identity.service.sign_in import WeChatAccount, wechat_of
from chalicelib.identity.service.titles import Part, owns_here, parts_under
from chalicelib.identity.service.whereabouts import (
    Home,
    Spot,
    flat_path,
    flat_room,
    flat_wish,
    flats_named,
    home_at,
    names_at,
    paths_named,
    paths_of,
    standing_at,
)

__all__ = [
    "Home",
    "Part",
    "Place",
    "Purpose",
    "Spot",
    "WeChatAccount",
    "add_unit",
    "answerers",
    "attach",
    "end_consents",
    "estate_in_sight",
    "expire_consents",
    "finish_deletion",
    "finish_deletions",
    "flat_path",
    "flat_room",
    "flat_wish",
    "flats_named",
    "forget_leavers",
    "found_community",
    "held_of",
    "holders",
    "home_at",
    "is_ward",
    "lives_at",
    "lives_in",
    "may_ask",
    "move_in",
    "move_out",
    "name_of",
    "names_at",
    "names_for",
    "owned_by",
    "owns_here",
    "parts_under",
    "paths_named",
    "paths_of",
    "plant",
    "register_person",
    "replay_deletions",
    "require_consent",
    "routes_to",
    "sees_unit",
    "speaks_for",
    "spoken_for",
    "standing_at",
    "tied_to",
    "units_known",
    "units_of",
    "wechat_of",
    "write_import",
]
