"""What people send and see of identity, a file for each subject."""
