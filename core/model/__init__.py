"""What exists: the package's resources and the store's tables, one file per aggregate."""
