"""What voting asks of nominations: `nominations.slate_refusal(…)`. Pure, and to stay so."""

from chalicelib.nominations import rules as nominations

__all__ = ["nominations"]
