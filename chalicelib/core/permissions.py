"""Who may do what: the one table, role × permission. What is not written here is denied."""

PERMISSIONS: dict[str, frozenset[str]] = {
    "resident": frozenset({"identity.read_me", "access.read_calls", "access.answer_call"}),
    "property_manager": frozenset(
        {
            "identity.read_me",
            "devices.read",
            "alerts.read",
            "alerts.judge",
            "notifications.read",
        }
    ),
    "guard": frozenset({"identity.read_me", "alerts.read", "alerts.judge", "notifications.read"}),
    "committee_member": frozenset({"identity.read_me", "identity.read_community"}),
    "community_officer": frozenset({"identity.read_me", "identity.read_community"}),
}
