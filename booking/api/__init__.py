"""The JSON API: registration and what its endpoints share."""
