// The map page. Python calls the functions of GridLink by name; the page asks for data over its own scheme.
"use strict";

const GridLink = (() => {
  const map = L.map("map", { preferCanvas: true, zoomControl: false, attributionControl: false,
    minZoom: 11, maxZoom: 20, zoomSnap: 0.25, worldCopyJump: false });
  L.control.zoom({ position: "bottomright" }).addTo(map);
  L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
  map.createPane("base").style.zIndex = 300;
  const baseRenderer = L.canvas({ pane: "base", padding: 0.3 });
  const points = L.layerGroup().addTo(map);
  const names = L.layerGroup().addTo(map);
  const marked = L.layerGroup().addTo(map);
  let tokens = {}, base = {}, shown = [], colours = {}, turn = 0, features = 0;

  const tell = (what, values) => fetch("/act/" + what + "?" + new URLSearchParams(values)).catch(() => {});

  function theme(given) {
    tokens = given;
    for (const name of ["ground", "surface", "line", "text", "muted", "accent"])
      document.documentElement.style.setProperty("--" + name, given[name]);
    colours = given.layers;
    drawBase();
    refresh();
  }

  const bases = L.layerGroup().addTo(map);
  function drawBase() {
    bases.clearLayers();
    const style = {
      district: { color: tokens.accent, weight: 2.5, fillColor: tokens.surface, fillOpacity: 1 },
      grid: { color: tokens.line, weight: 1, fill: false },
      community: { color: tokens.muted, weight: 1, opacity: 0.7, fill: false, dashArray: "4 3" },
      subdistrict: { color: tokens.accent, weight: 1.6, opacity: 0.8, fill: false },
    };
    const zoom = map.getZoom();
    for (const level of ["district", "grid", "community", "subdistrict"]) {
      if (level === "grid" && zoom < 14) continue;
      if (level === "community" && zoom < 12.5) continue;
      if (base[level]) L.geoJSON(base[level], { style: style[level], renderer: baseRenderer, interactive: false }).addTo(bases);
    }
  }

  function drawNames() {
    names.clearLayers();
    const zoom = map.getZoom(), bounds = map.getBounds();
    const level = zoom < 13 ? "subdistrict" : zoom < 16 ? "community" : "grid";
    const seen = new Set();
    for (const feature of base[level] || []) {
      const at = L.latLng(feature.properties.at);
      if (!bounds.contains(at)) continue;
      const pixel = map.latLngToContainerPoint(at), room = Math.round(pixel.x / 90) + ":" + Math.round(pixel.y / 26);
      if (seen.has(room)) continue;
      seen.add(room);
      const text = document.createElement("div");
      text.textContent = feature.properties.name;
      L.marker(at, { interactive: false, icon: L.divIcon({ className: "place " + level, html: text, iconSize: [160, 16] }) }).addTo(names);
    }
  }

  async function refresh() {
    const mine = ++turn, bounds = map.getBounds().pad(0.05);
    const place = { west: bounds.getWest(), south: bounds.getSouth(), east: bounds.getEast(), north: bounds.getNorth(),
      zoom: Math.round(map.getZoom()) };
    const answers = await Promise.all(shown.map(async layer => {
      const reply = await fetch("/data/view?" + new URLSearchParams({ ...place, layer }));
      return [layer, await reply.json()];
    }));
    if (mine !== turn) return;
    points.clearLayers();
    features = 0;
    for (const [layer, data] of answers) draw(layer, data);
    drawNames();
    tell("drawn", { features });
  }

  function draw(layer, data) {
    const colour = colours[layer] || tokens.accent;
    const labels = data.count.filter(n => n > 1).length <= 400;
    for (let i = 0; i < data.lon.length; i++) {
      const n = data.count[i], at = [data.lat[i], data.lon[i]], single = data.id[i] !== "";
      const radius = single ? 5 : Math.min(22, 7 + 3.2 * Math.log10(n + 1) * 1.6);
      const circle = L.circleMarker(at, { radius, color: tokens.surface, weight: 1.5, fillColor: colour,
        fillOpacity: single ? 0.95 : 0.82 });
      circle.on("click", () => single ? tell("open", { resource: layer, id: data.id[i] })
        : map.setView(at, Math.min(20, map.getZoom() + 2)));
      points.addLayer(circle);
      features++;
      if (!single && labels && radius > 8)
        L.marker(at, { interactive: false, icon: L.divIcon({ className: "count", html: n.toLocaleString("en"), iconSize: [48, 14] }) }).addTo(points);
    }
  }

  map.on("moveend", () => {
    const centre = map.getCenter();
    tell("moved", { lon: centre.lng, lat: centre.lat, zoom: map.getZoom() });
    refresh();
  });
  map.on("zoomend", drawBase);

  return {
    async start(state) {
      base = await (await fetch("/data/base")).json();
      map.setView([state.lat, state.lon], state.zoom, { animate: false });
      shown = state.layers;
      theme(state.tokens);
      if (state.fit && base.district) map.fitBounds(L.geoJSON(base.district).getBounds(), { animate: false, padding: [12, 12] });
      if (state.marked) this.mark(state.marked);
      tell("ready", {});
    },
    theme,
    layers(chosen) { shown = chosen; refresh(); },
    go(place) { map.setView([place.lat, place.lon], place.zoom, { animate: false }); },
    mark(place) {
      marked.clearLayers();
      L.circleMarker([place.lat, place.lon], { radius: 13, color: tokens.accent, weight: 3, fill: false, interactive: false }).addTo(marked);
      L.circleMarker([place.lat, place.lon], { radius: 5, color: "#fff", weight: 2, fillColor: tokens.accent, fillOpacity: 1,
        interactive: false }).addTo(marked);
    },
    state() { const c = map.getCenter(); return { lon: c.lng, lat: c.lat, zoom: map.getZoom(), features, layers: shown, leaflet: L.version }; },
    echo(value) { return value; },
  };
})();
window.GridLink = GridLink;
