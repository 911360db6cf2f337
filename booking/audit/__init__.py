"""Reading the journal: searching it, telling it in words, taking it out as CSV."""
