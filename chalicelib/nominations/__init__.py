"""Who may be put on a ballot: candidates of the committee, companies that bid (pure)."""
