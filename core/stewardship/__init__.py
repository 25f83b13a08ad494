"""What stewards do with what came in: settle, correct, ignore, audit, return to the source."""
