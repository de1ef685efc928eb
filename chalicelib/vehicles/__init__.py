"""Vehicles: plates that pass by themselves, visitors announced before, cars inside counted."""
