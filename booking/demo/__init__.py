"""A fictional park from a fixed seed."""
