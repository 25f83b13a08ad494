// The map page. Python calls the functions of GridLink by name; the page asks for data over its own scheme.
"use strict";

const GridLink = (() => {
  const map = L.map("map", { preferCanvas: true, zoomControl: false, attributionControl: false,
    doubleClickZoom: false, minZoom: 10, maxZoom: 20, zoomSnap: 0.25, worldCopyJump: false });
  L.control.zoom({ position: "bottomright" }).addTo(map);
  L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
  const tell = (what, values) => fetch("/act/" + what + "?" + new URLSearchParams(values || {})).catch(() => {});
  const plane = GridLinkPlane(map), areas = GridLinkAreas(map, plane), points = GridLinkPoints(map, plane), names = GridLinkNames(map, plane, areas, points);
  const tools = GridLinkTools(map, tell), spot = GridLinkPlace(map, tell), borders = GridLinkEdit(map, tell);
  const grounds = GridLinkGround(map, areas), marked = L.layerGroup().addTo(map);
  let tokens = {}, shown = [], turn = 0, features = 0, painted = 0, started = false, asked = null;

  function theme(given) {
    tokens = given;
    for (const name of ["ground", "surface", "line", "text", "muted", "accent"])
      document.documentElement.style.setProperty("--" + name, given[name]);
    for (const part of [points, names, tools, borders, areas]) part.theme(given);
    dress();
  }

  function draw() { points.draw(); names.draw(); }
  function dress() {
    points.dress(Object.fromEntries(shown.map(one => [one.name, { colour: (tokens.layers || {})[one.name], on: tokens.on, opacity: one.opacity }])));
    draw();
  }

  // Asks for what a view shows; the same view is asked for once, so that a zoom can ask before it arrives.
  function ask(centre, zoom) {
    const half = map.getSize().divideBy(2), middle = map.project(centre, zoom);
    const northWest = map.unproject(middle.subtract(half), zoom), southEast = map.unproject(middle.add(half), zoom);
    const view = new URLSearchParams({ west: northWest.lng.toFixed(7), south: southEast.lat.toFixed(7), east: southEast.lng.toFixed(7), north: northWest.lat.toFixed(7),
      zoom: Math.floor(zoom + 0.01), layers: shown.map(one => one.name).join(",") }).toString();
    if (!asked || asked.view !== view) asked = { view, names: shown.map(one => one.name), answer: fetch("/data/view?" + view).then(answer => answer.arrayBuffer()) };
    return asked;
  }
  // When the next picture is on its way to the screen; where nobody looks there is none to wait for.
  function frame() {
    return new Promise(done => {
      const channel = new MessageChannel();
      channel.port1.onmessage = done;
      setTimeout(done, document.hidden ? 0 : 200);
      requestAnimationFrame(() => channel.port2.postMessage(0));
    });
  }

  async function refresh(again) {
    const mine = ++turn, begun = performance.now();
    if (again) asked = null;
    const wanted = shown.length ? ask(map.getCenter(), map.getZoom()) : null;
    areas.draw();
    const late = setTimeout(() => { if (mine === turn) draw(); }, 80);
    const buffer = wanted && await wanted.answer;
    clearTimeout(late);
    if (mine !== turn) return;
    features = buffer ? points.read(wanted.names, buffer) : 0;
    if (!buffer) points.clear();
    dress();
    await frame();
    painted = performance.now() - begun;
    tell("drawn", { features, ms: painted.toFixed(1) });
  }

  const where = document.getElementById("where");
  let wondered = 0, system = "EPSG:4490", last = null;
  async function show(at) {
    last = at;
    const mine = ++wondered;
    const wrapped = { lon: at.lng.toFixed(7), lat: at.lat.toFixed(7) };
    if (system === "EPSG:4490" || system === "EPSG:4326") { where.textContent = `${at.lng.toFixed(6)}, ${at.lat.toFixed(6)}  ${system}`; return; }
    const answer = await (await fetch("/data/where?" + new URLSearchParams({ ...wrapped, system }))).json();
    if (mine === wondered) where.textContent = answer.text;
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
    else if (points.chosen().length) { choose([]); tell("pick", { layer: "", id: "0" }); }
  });

  // The first click of the two may open the drawer, and the map moves aside: what it picked is what is meant.
  let picked = null;
  map.on("dblclick", e => {
    if (tools.busy() || spot.state()) return;
    if (picked && performance.now() - picked.when < 700) tell("open", { layer: picked.layer, id: picked.id });
    else if (!points.at(e.containerPoint)) map.setZoomAround(e.containerPoint, map.getZoom() + 1);
  });
  function pick(hit) {
    picked = hit.id !== "0" ? { ...hit, when: performance.now() } : null;
    if (hit.id !== "0") { choose([hit.id]); tell("pick", { layer: hit.layer, id: hit.id }); }
    else if (map.getZoom() >= 18) tell("site", { layer: hit.layer, lon: hit.lon, lat: hit.lat });
    else map.setView([hit.lat, hit.lon], Math.min(20, map.getZoom() + 2));
  }

  function choose(ids) { points.choose(ids); points.draw(); }

  map.on("moveend", () => {
    if (!started) return;
    const centre = map.getCenter();
    refresh();
    tell("moved", { lon: centre.lng, lat: centre.lat, zoom: map.getZoom() });
  });
  map.on("zoomanim", e => { if (started && shown.length) ask(e.center, e.zoom); });

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
      points.choose(state.chosen);
      started = true;
      await refresh(true);
      tell("ready");
    },
    async again() { areas.set(await (await fetch("/data/base")).json()); await refresh(true); },
    theme, refresh, choose,
    layers(chosen) { shown = chosen; refresh(true); },
    order(chosen) { shown = chosen; refresh(true); },
    levels(chosen) { areas.levels(chosen); names.draw(); },
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
    twice(lon, lat) {
      const at = L.latLng(lat, lon), given = { latlng: at, containerPoint: map.latLngToContainerPoint(at) };
      for (const what of ["click", "click", "dblclick"]) map.fire(what, given);
    },
    hover(lon, lat) { const at = L.latLng(lat, lon); map.fire("mousemove", { latlng: at, containerPoint: map.latLngToContainerPoint(at) }); },
    draw(corners) { for (const [lon, lat] of corners) page.press(lon, lat); tools.finish(); },
    state() {
      const c = map.getCenter(), y = map.getSize().y / 2;
      const metres = map.distance(map.containerPointToLatLng([0, y]), map.containerPointToLatLng([100, y])) / 100;
      return { lon: c.lng, lat: c.lat, zoom: map.getZoom(), features, painted, layers: shown.map(one => one.name), leaflet: L.version,
        metres, ground: grounds.state(), proposed: spot.state(), chosen: points.chosen(), names: names.state(), where: where.textContent, attribution: document.getElementById("credit").textContent };
    },
    echo(value) { return value; },
    map, tell,
  };
  return page;
})();
window.GridLink = GridLink;
