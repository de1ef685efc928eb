"""Simulated devices that speak the native protocol of DEVICES.md over real HTTP and real MQTT."""
