"""Rows of vehicles."""
