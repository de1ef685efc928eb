"""Devices: who they are, what they report, and what they are told to do."""
