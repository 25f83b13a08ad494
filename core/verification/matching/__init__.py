"""Address matching: free text → the standard address that it means, or a few to choose from, or none."""
