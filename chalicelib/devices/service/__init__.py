"""The use cases of devices: the registry, what comes up, what goes down."""
