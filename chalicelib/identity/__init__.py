"""Who people are, where they live, and which community they belong to."""
