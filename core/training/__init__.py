"""The training district, the loopback upstream, the demonstration."""
