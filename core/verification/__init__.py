"""What is wrong with a row: declared rules, one columnar engine, nothing written."""
