"""Voting: owners decide under article 278 of the Civil Code, by area and by heads."""
