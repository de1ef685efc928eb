"""HTTP of vehicles."""
