"""Pure rules of the log: canonical bytes, the roll's root, ballots, the chain, the export."""
