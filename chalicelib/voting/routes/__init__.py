"""HTTP views of votes, a file for each part."""
