"""Personal data: what is said of it, one's own copy, being forgotten, and how long it is kept."""
