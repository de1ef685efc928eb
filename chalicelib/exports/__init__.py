"""Everything that any domain holds of a person, for that person to take along (PIPL 45)."""
