// The map page. Python calls the functions of GridLink by name; the page asks for data over its own scheme.
"use strict";

const GridLink = (() => {
  const map = L.map("map", { preferCanvas: true, zoomControl: false, attributionControl: false,
    minZoom: 10, maxZoom: 20, zoomSnap: 0.25, worldCopyJump: false });
  L.control.zoom({ position: "bottomright" }).addTo(map);
  L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
  const pane = map.createPane("points");
  pane.style.zIndex = 450;
  pane.style.pointerEvents = "none";
  const tell = (what, values) => fetch("/act/" + what + "?" + new URLSearchParams(values || {})).catch(() => {});
  const areas = GridLinkAreas(map), points = new GridLinkPoints().addTo(map), tools = GridLinkTools(map, tell), spot = GridLinkPlace(map, tell), borders = GridLinkEdit(map, tell);
  const grounds = GridLinkGround(map, areas), marked = L.layerGroup().addTo(map);
  let tokens = {}, shown = [], turn = 0, features = 0, painted = 0, started = false;

  function theme(given) {
    tokens = given;
    for (const name of ["ground", "surface", "line", "text", "muted", "accent"])
      document.documentElement.style.setProperty("--" + name, given[name]);
    points.surface = given.surface;
    points.accent = given.accent;
    areas.theme(given);
    tools.theme(given);
    borders.theme(given);
    dress();
  }

  function dress() {
    points.colours = Object.fromEntries(shown.map(one => [one.name, { colour: (tokens.layers || {})[one.name], on: tokens.on, opacity: one.opacity }]));
    points.draw();
  }

  async function refresh() {
    const mine = ++turn, bounds = map.getBounds(), begun = performance.now();
    const place = { west: bounds.getWest(), south: bounds.getSouth(), east: bounds.getEast(), north: bounds.getNorth(), zoom: Math.floor(map.getZoom() + 0.01) };
    const names = shown.map(one => one.name);
    const buffer = names.length ? await (await fetch("/data/view?" + new URLSearchParams({ ...place, layers: names.join(",") }))).arrayBuffer() : null;
    if (mine !== turn) return;
    features = buffer ? points.read(names, buffer) : 0;
    if (!buffer) points.layers = [];
    dress();
    painted = performance.now() - begun;
    tell("drawn", { features, ms: painted.toFixed(1) });
  }

  const where = document.getElementById("where");
  let asked = 0, system = "EPSG:4490", last = null;
  async function show(at) {
    last = at;
    const mine = ++asked;
    const wrapped = { lon: at.lng.toFixed(7), lat: at.lat.toFixed(7) };
    if (system === "EPSG:4490" || system === "EPSG:4326") { where.textContent = `${at.lng.toFixed(6)}, ${at.lat.toFixed(6)}  ${system}`; return; }
    const answer = await (await fetch("/data/where?" + new URLSearchParams({ ...wrapped, system }))).json();
    if (mine === asked) where.textContent = answer.text;
  }

  let quiet = 0;
  map.on("mousemove", e => {
    const now = performance.now();
    if (now - quiet < 60) return;
    quiet = now;
    show(e.latlng);
    if (!tools.busy()) map.getContainer().style.cursor = points.at(e.containerPoint) ? "pointer" : "";
  });
  map.on("contextmenu", e => tell("copy", { lon: e.latlng.lng, lat: e.latlng.lat }));
  map.on("click", e => {
    if (tools.click(e.latlng) || spot.click(e.latlng)) return;
    const hit = points.at(e.containerPoint);
    if (hit) pick(hit);
    else if (points.chosen.size) { choose([]); tell("pick", { layer: "", id: "0" }); }
  });

  function pick(hit) {
    if (hit.id !== "0") { choose([hit.id]); tell("pick", { layer: hit.layer, id: hit.id }); }
    else if (map.getZoom() >= 18) tell("site", { layer: hit.layer, lon: hit.lon, lat: hit.lat });
    else map.setView([hit.lat, hit.lon], Math.min(20, map.getZoom() + 2));
  }

  function choose(ids) { points.chosen = new Set(ids); points.draw(); }

  map.on("moveend", () => {
    if (!started) return;
    const centre = map.getCenter();
    tell("moved", { lon: centre.lng, lat: centre.lat, zoom: map.getZoom() });
    points.draw();
    refresh();
  });

  const page = {
    async start(state) {
      const base = await (await fetch("/data/base")).json();
      map.setView([state.lat, state.lon], state.zoom, { animate: false });
      shown = state.layers;
      system = state.system;
      theme(state.tokens);
      areas.levels(state.levels);
      areas.colour(state.fill);
      areas.set(base);
      grounds.set(state.ground);
      const bounds = areas.bounds();
      if (state.fit && bounds) map.fitBounds(bounds, { animate: false, padding: [12, 12] });
      if (state.marked) page.mark(state.marked);
      spot.set(state.proposed);
      borders.set(state.draft);
      points.chosen = new Set(state.chosen);
      started = true;
      await refresh();
      tell("ready");
    },
    async again() { areas.set(await (await fetch("/data/base")).json()); await refresh(); },
    theme, refresh, choose,
    layers(chosen) { shown = chosen; dress(); refresh(); },
    order(chosen) { shown = chosen; dress(); refresh(); },
    levels: chosen => areas.levels(chosen),
    fill: given => areas.colour(given),
    ground: given => { grounds.set(given); },
    outline: geometry => areas.outline(geometry),
    tool: name => tools.set(name),
    propose: place => spot.set(place),
    edit: draft => borders.set(draft),
    drag: (from, to) => borders.drag(from, to),
    editing: () => borders.state(),
    system(name) { system = name; if (last) show(last); },
    go(place) { map.setView([place.lat, place.lon], place.zoom, { animate: false }); },
    fit(bounds) { map.fitBounds([[bounds[1], bounds[0]], [bounds[3], bounds[2]]], { animate: false, padding: [24, 24], maxZoom: 18 }); },
    mark(place) {
      marked.clearLayers();
      if (!place) return;
      L.circleMarker([place.lat, place.lon], { radius: 13, color: tokens.accent, weight: 3, fill: false, interactive: false }).addTo(marked);
      L.circleMarker([place.lat, place.lon], { radius: 5, color: "#fff", weight: 2, fillColor: tokens.accent, fillOpacity: 1,
        interactive: false }).addTo(marked);
    },
    // As if the hand had clicked there, dragged, or typed: the same way in for tests.
    press(lon, lat) { const at = L.latLng(lat, lon); map.fire("click", { latlng: at, containerPoint: map.latLngToContainerPoint(at) }); },
    hover(lon, lat) { const at = L.latLng(lat, lon); map.fire("mousemove", { latlng: at, containerPoint: map.latLngToContainerPoint(at) }); },
    draw(corners) { for (const [lon, lat] of corners) page.press(lon, lat); tools.finish(); },
    state() {
      const c = map.getCenter(), y = map.getSize().y / 2;
      const metres = map.distance(map.containerPointToLatLng([0, y]), map.containerPointToLatLng([100, y])) / 100;
      return { lon: c.lng, lat: c.lat, zoom: map.getZoom(), features, painted, layers: shown.map(one => one.name), leaflet: L.version,
        metres, ground: grounds.state(), proposed: spot.state(), chosen: [...points.chosen], where: where.textContent, attribution: document.getElementById("credit").textContent };
    },
    echo(value) { return value; },
    map, tell,
  };
  return page;
})();
window.GridLink = GridLink;
