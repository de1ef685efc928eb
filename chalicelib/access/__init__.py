"""Access: visitors who ring, residents who open, gates that obey once."""
