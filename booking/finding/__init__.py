"""Finding a place: which ones fit a wish, which of them are best, and why."""
