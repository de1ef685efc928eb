"""Assemblies: the procedure of an owners' assembly (业主大会), its states and its dates."""
