"""The rules, one module a subject; they know nothing of one another."""
