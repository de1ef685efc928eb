"""Requests and replies of vehicles."""
