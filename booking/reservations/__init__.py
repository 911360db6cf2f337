"""The verbs of a reservation: book, change, cancel, decide, expire."""
