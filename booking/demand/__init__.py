"""Unmet demand: how often the park had to say no, counted without anybody's name."""
