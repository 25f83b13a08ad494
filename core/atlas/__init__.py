"""The map of the registry: layers kept fresh, figures by area, grids, base maps, putting addresses on the map."""
