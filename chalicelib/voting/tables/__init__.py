"""Rows of a vote, a file for each aggregate."""
