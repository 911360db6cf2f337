"""Places for several people at one time: chosen near each other, booked and given back together."""
