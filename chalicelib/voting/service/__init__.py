"""Use cases of a vote; counting is all there is so far, and touches nothing."""
