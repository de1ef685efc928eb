"""Requests and replies of passages."""
