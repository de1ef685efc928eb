"""Use cases of surveys: making, answering, counting, reading what came out."""
