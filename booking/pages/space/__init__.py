"""One space: what it is, what is asked of whoever books it, and its week."""
