"""The acceptance report: first a frozen value, then its writers."""
