"""How much the park is used: hours open, hours booked, requests and what became of them."""
