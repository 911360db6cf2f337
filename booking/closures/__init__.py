"""Time that the house closes: maintenance and other reasons, and what becomes of whoever is hit."""
