"""What functions may touch, in words that several of them share: tables by their letters."""

OUTBOX = {"outbox": "rw"}
COMMANDS = {"devices": "r", "commands": "rw"}
ACKS = {"command_acks": "r"}
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
