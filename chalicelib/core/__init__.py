"""What every domain stands on: web, identity of the caller, storage, events, time."""
