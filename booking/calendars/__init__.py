"""Feeds and calendar files."""
