// Outlines of the district, its divisions and grids, their names, and the colouring by a statistic.
"use strict";

function GridLinkAreas(map) {
  map.createPane("base").style.zIndex = 300;
  const renderer = L.canvas({ pane: "base", padding: 0.3 });
  map.createPane("names").style.zIndex = 440;
  const shapes = L.layerGroup().addTo(map), names = L.layerGroup().addTo(map), outlined = L.layerGroup().addTo(map);
  let base = {}, shown = ["subdistrict", "community", "grid"], fill = null, tokens = {}, covered = false;
  const nearest = { subdistrict: 0, community: 12.5, grid: 14, police: 13.5 };

  function style(level) {
    const plain = {
      district: { color: tokens.accent, weight: 2.5, fillColor: tokens.surface, fillOpacity: covered ? 0 : 1, fill: !covered },
      grid: { color: covered ? tokens.accent : tokens.line, weight: 1, fill: false },
      police: { color: tokens.police, weight: 1.4, dashArray: "6 3", fill: false },
      community: { color: tokens.muted, weight: 1, opacity: 0.7, fill: false, dashArray: "4 3" },
      subdistrict: { color: tokens.accent, weight: 1.6, opacity: 0.8, fill: false },
    }[level];
    if (!fill || fill.by !== level) return plain;
    return feature => {
      const colour = fill.colours[feature.properties.code];
      return { ...plain, fill: true, fillColor: colour || tokens.ground, fillOpacity: colour ? 0.75 : 0.4 };
    };
  }

  function draw() {
    shapes.clearLayers();
    const zoom = map.getZoom();
    for (const level of ["district", "grid", "community", "subdistrict", "police"]) {
      const filled = fill && fill.by === level;
      if (level !== "district" && !filled && (!shown.includes(level) || zoom < nearest[level])) continue;
      if (base[level]) L.geoJSON(base[level], { style: style(level), renderer, interactive: false }).addTo(shapes);
    }
    name();
  }

  function name() {
    names.clearLayers();
    const zoom = map.getZoom(), bounds = map.getBounds();
    const wanted = zoom < 13 ? "subdistrict" : zoom < 16 ? "community" : "grid";
    const level = shown.includes(wanted) ? wanted : shown[shown.length - 1];
    const seen = new Set();
    const roads = zoom < 15 ? [] : (base.roads || []).map(one => ({ properties: { name: one.name, at: [one.lat, one.lon] }, road: true }));
    for (const feature of [...(base[level] || []), ...roads]) {
      const at = L.latLng(feature.properties.at);
      if (!bounds.contains(at) || (feature.road && covered)) continue;
      const pixel = map.latLngToContainerPoint(at), room = Math.round(pixel.x / 90) + ":" + Math.round(pixel.y / 26);
      if (seen.has(room)) continue;
      seen.add(room);
      const text = document.createElement("div");
      text.textContent = feature.properties.name;
      L.marker(at, { interactive: false, pane: "names", icon: L.divIcon({ className: "place " + (feature.road ? "road" : level), html: text, iconSize: [160, 16] }) }).addTo(names);
    }
  }

  map.on("zoomend", draw);
  map.on("moveend", name);
  return {
    set(given) { base = given; draw(); },
    theme(given) { tokens = given; draw(); },
    levels(chosen) { shown = chosen; draw(); },
    colour(given) { fill = given; draw(); },
    cover(yes) { covered = yes; draw(); },
    outline(geometry) {
      outlined.clearLayers();
      if (geometry) L.geoJSON(geometry, { style: { color: tokens.accent, weight: 2.5, fillOpacity: 0.12, fillColor: tokens.accent }, interactive: false }).addTo(outlined);
    },
    bounds() { return base.district ? L.geoJSON(base.district).getBounds() : null; },
  };
}
