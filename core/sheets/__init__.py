"""Spreadsheets in and out: forms that people fill, long lists, and reading both again."""
