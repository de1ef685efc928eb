"""What voting asks of the log: `chain.appended(…)`, `export.sealed(…)`. Pure, and to stay so."""

from chalicelib.ballot_log.rules import ballots, canon, chain, export

__all__ = ["ballots", "canon", "chain", "export"]
