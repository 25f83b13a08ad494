// Tools of the hand: select by box or polygon, measure a way or an area. One at a time; Escape ends it.
"use strict";

function GridLinkTools(map, tell, words) {
  const drawn = L.layerGroup().addTo(map);
  let mode = "", corners = [], moving = null, tokens = {};
  const EARTH = 6371008.8, rad = d => d * Math.PI / 180;

  const way = list => list.slice(1).reduce((sum, at, i) => sum + map.distance(list[i], at), 0);
  function area(list) {
    let sum = 0;
    for (let i = 0; i < list.length; i++) {
      const a = list[i], b = list[(i + 1) % list.length];
      sum += rad(b.lng - a.lng) * (2 + Math.sin(rad(a.lat)) + Math.sin(rad(b.lat)));
    }
    return Math.abs(sum * EARTH * EARTH / 2);
  }
  const metres = m => m < 1000 ? m.toFixed(1) + " m" : (m / 1000).toFixed(3) + " km";
  const square = m => m < 1e5 ? Math.round(m).toLocaleString("en") + " m²" : (m / 1e6).toFixed(3) + " km²";

  function points() {
    const list = moving && mode ? [...corners, moving] : corners;
    return mode === "box" && list.length > 1 ? box(list[0], list[list.length - 1]) : list;
  }
  const box = (a, b) => [L.latLng(a.lat, a.lng), L.latLng(a.lat, b.lng), L.latLng(b.lat, b.lng), L.latLng(b.lat, a.lng)];

  function draw() {
    drawn.clearLayers();
    const list = points();
    if (!list.length) return;
    const style = { color: tokens.accent, weight: 2, dashArray: "5 4", fillColor: tokens.accent, fillOpacity: 0.1, interactive: false };
    (["distance", "line"].includes(mode || kept) ? L.polyline : L.polygon)(list, style).addTo(drawn);
    for (const at of corners) L.circleMarker(at, { radius: 3.5, color: tokens.accent, fillColor: "#fff", fillOpacity: 1, weight: 2, interactive: false }).addTo(drawn);
    const what = mode || kept;
    const text = what === "distance" && list.length > 1 ? metres(way(list)) : what === "area" && list.length > 2 ? square(area(list)) + " · " + metres(way([...list, list[0]])) : "";
    if (text) {
      const label = document.createElement("div");
      label.textContent = text;
      L.marker(list[list.length - 1], { interactive: false, icon: L.divIcon({ className: "measure", html: label, iconSize: null, iconAnchor: [-10, 26] }) }).addTo(drawn);
    }
  }

  let kept = "";
  function finish() {
    const list = points().filter((at, i, all) => i === 0 || !at.equals(all[i - 1]));
    const what = mode;
    moving = null;
    if (what === "box" || what === "polygon") {
      if (list.length < 3) return;
      const ring = [...list, list[0]].map(at => [at.lng, at.lat]);
      tell("shape", { geometry: JSON.stringify({ type: "Polygon", coordinates: [ring] }) });
    } else if (what === "line") {
      if (list.length < 2) return;
      tell("line", { geometry: JSON.stringify({ type: "LineString", coordinates: list.map(at => [at.lng, at.lat]) }) });
      set("");
      return;
    } else {
      tell("measured", { metres: way(what === "area" ? [...list, list[0]] : list), square: what === "area" ? area(list) : 0 });
    }
    corners = list;
    kept = what;
    set("", true);
  }

  function set(name, keep) {
    mode = name;
    if (!keep) { corners = []; moving = null; kept = ""; }
    map.getContainer().style.cursor = name ? "crosshair" : "";
    name === "box" ? map.dragging.disable() : map.dragging.enable();
    draw();
    tell("mode", { name });
  }

  map.on("mousedown", e => { if (mode === "box") { corners = [e.latlng]; } });
  map.on("mouseup", e => { if (mode === "box" && corners.length) { moving = e.latlng; finish(); } });
  map.on("mousemove", e => { if (mode && mode !== "grid" && corners.length) { moving = e.latlng; draw(); } });
  map.on("dblclick", () => { if (["polygon", "distance", "area", "line"].includes(mode)) finish(); });
  document.addEventListener("keydown", e => {
    if (e.key === "Escape") set("");
    if (e.key === "Enter" && mode) finish();
    if (e.key === "Backspace" && mode) { corners.pop(); draw(); }
  });

  return {
    set, finish,
    busy: () => mode !== "",
    theme(given) { tokens = given; draw(); },
    click(at) {
      if (mode === "grid") tell("grid_at", { lon: at.lng, lat: at.lat });
      else if (mode && mode !== "box") { corners.push(at); draw(); }
      return mode !== "";
    },
  };
}
