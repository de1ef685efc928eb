"""The manifest by domain: what each one's functions wake by, and what they may touch."""
