"""Extraction: pages from a source, reconciled with it, verified and applied as a change set, on record as a run."""
