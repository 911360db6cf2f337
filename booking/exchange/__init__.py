"""What goes in and out of the park as CSV files."""
