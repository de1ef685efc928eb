"""Linli (邻里): the backend of a smart residential community."""
