"""Pure rules of identity: the tree, people and flats, sessions, consent, privacy."""
