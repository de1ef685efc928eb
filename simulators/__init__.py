"""Others' servers on loopback, with their wire formats and their failures."""
