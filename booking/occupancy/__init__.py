"""The claims table, the only code that writes it, and the questions asked of it."""
