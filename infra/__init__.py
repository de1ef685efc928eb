"""The two homes of Linli: one machine (local.py) and AWS (stack.py), from one manifest."""
