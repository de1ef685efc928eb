"""What clients send and see of votes."""
