"""How fast the program is, beside a bare Flask app on the same machine in the same minutes."""
