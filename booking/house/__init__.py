"""What the house says of itself: its name and logo, who answers for data, how long data is kept."""
