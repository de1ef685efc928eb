"""The use cases of alerts: incidents as they unfold, and what staff make of them."""
