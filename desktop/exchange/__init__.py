"""What the exchange page is made of: cards of systems, a system's queue, its messages and its connector."""
