"""Pages that look across features."""
