"""Data packages: open, check, sign, seal and build (``package-format.md``, version 1)."""
