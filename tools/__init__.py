"""What operators and vendors run beside Linli: simulators, demo, pictures."""
