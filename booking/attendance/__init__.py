"""Who comes: confirming presence, oneself or at the reception."""
