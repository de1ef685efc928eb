"""The ballot log OV1: a chain of sealed ballots that anyone can verify (docs/ballot-log.md)."""
