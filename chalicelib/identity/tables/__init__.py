"""Rows of identity, a file for each aggregate."""
