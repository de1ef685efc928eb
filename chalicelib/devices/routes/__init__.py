"""HTTP of devices."""
