"""HTTP of identity: each file has a `router` that app.py registers."""
