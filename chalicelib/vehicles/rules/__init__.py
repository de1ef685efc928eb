"""Pure rules of vehicles."""
