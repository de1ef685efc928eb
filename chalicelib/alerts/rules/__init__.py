"""Pure rules of alerts: what the frames say, and where an alert may go."""
