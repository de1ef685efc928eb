"""Does a device speak the protocol? Watches it through relays and plays what it must survive."""
