"""What runs by itself: the duties of each system, when each is due, and the round that does them."""
