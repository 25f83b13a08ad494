"""Who founds the store in these tests."""

KEY = "ab" * 32
FOUNDER, PASSWORD = "站长", "江南水乡-2026"
