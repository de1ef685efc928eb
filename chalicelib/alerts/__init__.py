"""Alerts: what cameras see becomes one alert per incident, and ends with an outcome."""
