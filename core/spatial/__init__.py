"""Where things are: coordinates, the outline, grids, tiles of points."""
