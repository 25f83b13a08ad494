"""Accounts, roles, permissions, masking, keys and the audit chain."""
