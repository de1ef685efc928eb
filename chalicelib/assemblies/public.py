"""What voting asks of the procedure: `procedure.move_refusal(…)`. Pure, and to stay so."""

from chalicelib.assemblies import rules as procedure

__all__ = ["procedure"]
