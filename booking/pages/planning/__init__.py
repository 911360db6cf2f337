"""One floor's day as a grid: rows of spaces, cells of time."""
