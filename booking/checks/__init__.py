"""What the house looks after itself: the promises of the data, and its own condition."""
