"""The registry: import as stage, verify, difference, apply; undo; provenance; queries."""
