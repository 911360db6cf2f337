"""Hours that hold from time to time, such as those of Ramadan, and whom a change leaves outside."""
