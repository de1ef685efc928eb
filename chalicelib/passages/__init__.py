"""Passages: who came through where, for whom to see, for how long; patterns and counts of them."""
