"""The encrypted store: the only floor that knows which database it is."""
