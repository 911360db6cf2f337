"""Replacements: what is held for the holder of a reservation that a closure has displaced."""
