"""One field that finds people, organisations, spaces and reservations, within one's rights."""
