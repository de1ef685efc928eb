"""What functions may touch, in words that several of them share: tables by their letters."""

OUTBOX = {"outbox": "rw"}
COMMANDS = {"devices": "r", "commands": "rw"}
ACKS = {"command_acks": "r"}
DESK = {"desk_requests": "rw", "desk_doors": "rw"}
"""The guards' queue, for whoever asks one to look."""

RINGS = {"calls": "rw", "panel_rings": "rw"}

TAPS = {
    **RINGS,
    "openings": "rw",
    "ring_blocks": "rw",
    "ring_times": "rw",
    "gate_settings": "r",
    "device_health": "r",
    **DESK,
}
"""Rings, and openings by a tap."""

SIGNED_IN = {"sessions": "rw", "revocations": "rw"}
ACCOUNTS = {"staff_accounts": "rw", "appointments": "rw", "nodes": "r"}
ACTS = {"admin_acts": "rw", "organisations": "r"}
"""What administrators and managers leave on record, and whom for."""

LIVES = {"residencies": "r", "import_jobs": "r"}
"""Who lives where: ties that an unfinished import has written do not count yet."""

PEOPLE = {**LIVES, "communities": "r", "units": "r", "revocations": "r"}
HOMES = {"residencies": "rw", "bindings": "rw", "revocations": "rw"}
ESTATE = {
    **HOMES,
    "communities": "rw",
    "nodes": "rw",
    "units": "rw",
    "people": "rw",
    "person_keys": "rw",
    "phones": "rw",
    "import_jobs": "rw",
    "import_chunks": "rw",
}
TREE = {
    "communities": "rw",
    "nodes": "rw",
    "organisations": "rw",
    "attachments": "rw",
    "zones": "rw",
}
SEALED = {"people": "r", "person_keys": "r", "import_jobs": "r"}
LOOKED = {"views": "rw", "readers": "rw"}
CONSENTS = {"consents": "rw", "consent_standings": "rw"}
OWN = {
    "people": "rw",
    "person_keys": "rw",
    "phones": "rw",
    "import_jobs": "r",
    "deletions": "rw",
    "wechat_homes": "rw",
}
"""What a person has of their own, to take along or have deleted."""

FORGETS = {**OWN, **HOMES, **CONSENTS, **OUTBOX}

LISTS = {"list_heads": "rw", "list_entries": "rw", "list_changes": "rw"}
"""An estate's allow-list, changed together with what is on it."""

CREDENTIALS = {
    "credentials": "rw",
    "credential_marks": "rw",
    "enrolments": "rw",
    "flat_pins": "rw",
    "door_lists": "r",
    "device_health": "r",
    **LISTS,
}
"""What people pass by: given, found by what is shown, withdrawn."""

PASSES = {
    "passes": "rw",
    "flat_passes": "rw",
    "flat_pins": "rw",
    "pass_rules": "r",
    "access_decisions": "r",
    **LISTS,
}
"""Visitors' passes, and what goes with them when they begin and end."""

DECIDES = {
    "passes": "rw",
    "access_decisions": "rw",
    "pin_guesses": "rw",
    "credential_marks": "r",
    "once": "rw",
    **LIVES,
}
"""What it takes to answer a door."""

LISTED = {"list_heads": "r", "list_entries": "r", "list_changes": "r", "door_lists": "rw"}
"""What a door fetches of a list, and what it was given."""

RECEIPTS = {"credentials": "rw", "enrolments": "rw", "door_lists": "rw", **OUTBOX}
"""What devices were told of lists and credentials, and what they said that they did."""

ACCEPTED = ("device-events", "device-urgent", "device-sos")
"""Queues of accepted batches: what is ordinary, what sensors cry, who calls for help."""

HEALTH = {"device_health": "rw", "device_faults": "rw", "device_months": "rw"}
"""Where devices are, their fault orders, and what the monthly report counts."""

WELL = {**HEALTH, "devices": "r", "device_states": "r", **OUTBOX}
"""What it takes to find out where a device is."""

OBSERVED = {"device_states": "rw", "unknown_events": "rw", "samples": "rw", "serial_counts": "rw"}
RECORDED = {"accepted_batches": "rw", "device_events": "rw", **WELL, **OBSERVED}
"""What recording an event touches: the batch, the event, and whatever follows from it."""

HEARD = {"devices": "r", "accepted_batches": "rw", "quarantines": "rw", **OUTBOX}
"""What accepting a device's message touches, whichever way it came."""

MEASURED = {
    "device_events": "r",
    "device_states": "r",
    "unknown_events": "r",
    "samples": "r",
    "roll_ups": "r",
}

REGISTRY = {"devices": "rw", "device_serials": "rw"}
"""Devices as staff enrol, move and retire them."""

VOTES = {
    "votes": "rw",
    "rolls": "rw",
    "roll_units": "rw",
    "roll_lines": "rw",
    "roll_owners": "r",
    "bylaws": "r",
    "objections": "rw",
    "petitions": "rw",
    "deliveries": "rw",
}
"""What the procedure of a vote touches, whoever takes part in it or convenes it."""

STANDS = {"slates": "r", "candidacies": "rw", "flat_nominations": "rw", "vote_options": "r"}
"""What owners touch who nominate and stand; bids they see only as noticed."""

SLATES = {"slates": "rw", "candidacies": "rw", "bids": "rw", "vote_options": "rw"}
"""What conveners touch who call for candidates and bids, and put them."""

BALLOTS = {
    "ballot_heads": "rw",
    "ballot_entries": "rw",
    "ballots": "rw",
    "ballot_commits": "rw",
    "ballot_casts": "rw",
}
"""What a ballot's place in a log touches."""

CASTING = {
    "votes": "r",
    "roll_lines": "r",
    "ballot_proxies": "rw",
    "ballot_holders": "rw",
    "ballot_papers": "rw",
    "ballot_removals": "rw",
    "ballot_checkpoints": "r",
    "ballot_counts": "r",
    **BALLOTS,
}
"""What voters and scrutineers touch."""

COUNTING = {
    "votes": "r",
    "roll_lines": "r",
    "ballot_checkpoints": "rw",
    "ballot_counts": "rw",
    **BALLOTS,
}
"""What closing, counting and publishing a log touches; it also needs keys, archive, witnesses."""
TRACES = {
    "passages": "r",
    "passage_incidents": "rw",
    "gate_posts": "rw",
    "gate_counts": "r",
    "passage_reviews": "rw",
    "passage_thresholds": "rw",
}
"""Passages as guards and managers may look at them, counts, and patterns."""

TELLS = {
    "notices": "rw",
    "message_consents": "rw",
    "wechat_tokens": "rw",
    "wechat_homes": "r",
    "people": "r",
    "import_jobs": "r",
}
"""What it takes to send a message to a person's phone."""

SUBJECTS = {
    "credentials": "r",
    "credential_marks": "r",
    "passes": "r",
    "plate_books": "r",
    "person_keys": "r",
}
"""What tells whose a passage at a door is."""

REGISTERED = {"plates": "rw", "visitor_plates": "rw", "plate_books": "rw", "plate_quotas": "rw"}
"""Plates that pass by themselves, and what a barrier looks them up in."""

PARKED = {"parking": "r", "park_counts": "rw", "stays": "rw", "arrivals": "rw"}
"""Cars inside, cars that wait, and what a car park holds."""

BARRIERS = {**REGISTERED, **PARKED, **DESK, **COMMANDS, **OUTBOX, "person_keys": "r"}
"""What letting a car in or out touches, all of it in one transaction."""
