"""Who may do what: the one table, role × permission. What is not written here is denied.

A permission says what; the subtree of the caller's org node says where (`Caller.sees`).
"""

from typing import Final

_ALL = frozenset({"identity.read_me", "identity.own_sessions"})
_OFFICER = _ALL | {"identity.read_community", "identity.read_tree", "voting.read"}
_CONVENER = _ALL | {
    "identity.read_community",
    "identity.enter_titles",
    "voting.read",
    "voting.convene",
}
"""Who may call owners together: their committee, or else the street (条例 9, 10)."""

_COMMITTEE = _CONVENER | {"passages.count_all", "surveys.read", "surveys.make"}

PERMISSIONS: dict[str, frozenset[str]] = {
    "resident": _ALL
    | {
        "access.read_calls",
        "access.answer_call",
        "access.own_credentials",
        "access.own_passes",
        "access.ring_flat",
        "access.open_door",
        "access.call_lift",
        "notices.subscribe",
        "passages.read_own",
        "vehicles.own_plates",
        "vehicles.invite",
        "identity.own_home",
        "identity.read_tree",
        "identity.read_consents",
        "identity.decide_consents",
        "identity.read_views",
        "exports.take",
        "voting.cast",
        "voting.take_part",
        "voting.read",
        "voting.scrutinise",
        "surveys.answer",
        "identity.delete",
    },
    "property_manager": _ALL
    | {
        "access.read_passes",
        "access.view_passes",
        "access.decide_passes",
        "access.set_pass_rule",
        "access.keep_desk",
        "access.set_gates",
        "access.issue_credentials",
        "access.set_lists",
        "devices.read",
        "devices.operate",
        "devices.enrol",
        "devices.keys",
        "devices.maintain",
        "devices.repair",
        "alerts.read",
        "alerts.judge",
        "notifications.read",
        "passages.count",
        "passages.read_incident",
        "passages.review",
        "passages.set_thresholds",
        "vehicles.read",
        "vehicles.admit",
        "vehicles.decide",
        "vehicles.manage",
        "vehicles.look",
        "identity.hire",
        "identity.read_tree",
        "identity.manage_units",
        "identity.manage_people",
        "identity.decide_bindings",
        "identity.import_estate",
        "identity.view_resident",
        "surveys.read",
        "surveys.make",
    },
    "property_clerk": _ALL
    | {
        "access.read_passes",
        "access.view_passes",
        "access.decide_passes",
        "access.issue_credentials",
        "vehicles.read",
        "vehicles.decide",
        "notifications.read",
        "identity.view_resident",
        "identity.read_tree",
        "identity.manage_people",
        "identity.decide_bindings",
    },
    "guard": _ALL
    | {
        "access.keep_desk",
        "alerts.read",
        "alerts.judge",
        "devices.operate",
        "devices.read",
        "identity.view_resident",
        "passages.read_shift",
        "passages.stand_guard",
        "vehicles.read",
        "vehicles.admit",
        "notifications.read",
    },
    "worker": _ALL | {"devices.read", "devices.repair"},
    "committee_member": _COMMITTEE,
    "committee_chair": _COMMITTEE | {"voting.give_notice"},
    "county_officer": _OFFICER | {"identity.manage_tree"},
    "street_officer": _OFFICER
    | _CONVENER
    | {"identity.manage_tree", "voting.give_notice", "voting.supervise"},
    "neighbourhood_officer": _OFFICER,
    "grid_worker": _OFFICER,
    "police_officer": _ALL | {"identity.ask_disclosure", "identity.read_disclosure"},
    "system_admin": _ALL | {"identity.create_staff", "identity.read_staff", "identity.read_tree"},
    "security_admin": _ALL
    | {
        "identity.read_staff",
        "identity.read_tree",
        "identity.appoint_staff",
        "identity.reset_staff",
        "identity.release_disclosure",
        "identity.read_disclosure",
    },
    "audit_admin": _ALL
    | {
        "identity.read_staff",
        "identity.audit_acts",
        "identity.audit_views",
        "identity.read_disclosure",
    },
}

AUDIENCES: Final[dict[str, str]] = {
    "resident": "resident",
    "property_manager": "property",
    "property_clerk": "property",
    "guard": "property",
    "worker": "property",
    "committee_member": "committee",
    "committee_chair": "committee",
    "county_officer": "government",
    "street_officer": "government",
    "neighbourhood_officer": "government",
    "grid_worker": "government",
    "police_officer": "government",
    "system_admin": "government",
    "security_admin": "government",
    "audit_admin": "government",
}
"""The portal that a role is exercised through; tokens of another one never carry it."""

DUTIES: Final = frozenset({"system_admin", "security_admin", "audit_admin"})
"""Administrators' duties, which nobody holds two of (三员分立; GB/T 22239 8.1.7)."""


def conflicting(roles: frozenset[str]) -> bool:
    """Return whether one person would hold two administrators' duties, or one and a post."""
    duties = roles & DUTIES
    return len(duties) > 1 or bool(duties and roles - DUTIES - {"resident"})
