"""Use cases of vehicles."""
