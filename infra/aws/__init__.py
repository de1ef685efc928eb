"""The AWS home: one construct per concern, assembled by `infra/stack.py`."""
