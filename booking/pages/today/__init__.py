"""The first page: what is mine, what waits for me, what is free now."""
