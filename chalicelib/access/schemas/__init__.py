"""Requests and replies of access."""
