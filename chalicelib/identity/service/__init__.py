"""Use cases of identity, a file for each subject."""
