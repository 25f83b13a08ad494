// Borders of grids under the hand: neighbours share their corners, so a border moves for both; corners snap to corners
// and borders nearby. Right click takes a corner away, a click on a middle adds one, Ctrl+Z takes a step back.
"use strict";

function GridLinkEdit(map, tell) {
  const drawn = L.layerGroup().addTo(map), handles = L.layerGroup().addTo(map);
  const CORNER = 10, BORDER = 8;
  let corners = [], grids = {}, chosen = "", steps = [], tokens = {};
  const dot = name => L.divIcon({ className: "corner " + name, html: "<b></b>", iconSize: [16, 16], iconAnchor: [8, 8] });

  function read(draft) {
    const known = new Map();
    corners = []; grids = {};
    const place = ([lon, lat]) => {
      const key = lon.toFixed(8) + "," + lat.toFixed(8);
      if (!known.has(key)) { known.set(key, corners.length); corners.push([lon, lat]); }
      return known.get(key);
    };
    for (const [code, shape] of Object.entries(draft.grids)) {
      const parts = shape.type === "Polygon" ? [shape.coordinates] : shape.coordinates;
      grids[code] = parts.map(rings => rings.map(ring => ring.slice(0, -1).map(place)));
    }
    chosen = draft.chosen;
  }

  const rings = function* (only) {
    for (const [code, parts] of Object.entries(grids))
      if (!only || code === only) for (const part of parts) for (const ring of part) yield ring;
  };
  const geometry = code => ({ type: "MultiPolygon", coordinates: grids[code].map(part => part.map(ring => [...ring, ring[0]].map(i => corners[i]))) });
  const whole = () => Object.fromEntries(Object.keys(grids).map(code => [code, geometry(code)]));
  const pixel = i => map.latLngToContainerPoint([corners[i][1], corners[i][0]]);

  function keep() { steps.push(JSON.stringify([corners, grids])); if (steps.length > 50) steps.shift(); }
  function back() { if (steps.length) { [corners, grids] = JSON.parse(steps.pop()); changed(); } }
  function changed() { draw(); tell("edited", { grids: JSON.stringify(whole()) }); }

  function each(edit) { for (const parts of Object.values(grids)) for (const part of parts) part.forEach((ring, k) => { part[k] = edit(ring); }); }
  const tidy = ring => ring.filter((i, at) => i !== ring[(at + 1) % ring.length]);
  // A new corner between two neighbours on a border belongs to every grid that has this border.
  function insert(corner, a, b) {
    each(ring => {
      const made = [];
      ring.forEach((i, at) => {
        const next = ring[(at + 1) % ring.length];
        made.push(i);
        if (((i === a && next === b) || (i === b && next === a)) && !ring.includes(corner)) made.push(corner);
      });
      return made;
    });
  }
  function remove(corner) {
    for (const ring of rings()) if (ring.includes(corner) && ring.length <= 3) return;
    keep();
    each(ring => ring.filter(i => i !== corner));
    changed();
  }

  // Where a corner at this place would snap to: another corner, or a border, or nothing.
  function near(corner, point) {
    let best = null, least = CORNER;
    corners.forEach((_at, i) => {
      if (i === corner) return;
      const off = pixel(i).distanceTo(point);
      if (off < least) { least = off; best = { to: i, at: corners[i] }; }
    });
    if (best) return best;
    least = BORDER;
    for (const ring of rings()) {
      ring.forEach((a, k) => {
        const b = ring[(k + 1) % ring.length];
        if (a === corner || b === corner) return;
        const on = L.LineUtil.closestPointOnSegment(point, pixel(a), pixel(b)), off = on.distanceTo(point);
        if (off < least) { const at = map.containerPointToLatLng(on); least = off; best = { a, b, at: [at.lng, at.lat] }; }
      });
    }
    return best;
  }

  function move(corner, latlng) {
    const snap = near(corner, map.latLngToContainerPoint(latlng));
    corners[corner] = snap ? [...snap.at] : [latlng.lng, latlng.lat];
    if (snap && snap.to !== undefined) each(ring => tidy(ring.map(i => (i === corner ? snap.to : i))));
    else if (snap) insert(corner, snap.a, snap.b);
  }

  function draw() {
    drawn.clearLayers(); handles.clearLayers();
    for (const code of Object.keys(grids)) {
      const own = code === chosen;
      L.geoJSON(geometry(code), { interactive: false, style: { color: tokens.accent, weight: own ? 2.5 : 1.2, opacity: own ? 1 : 0.7, fill: own,
        fillColor: tokens.accent, fillOpacity: 0.1 } }).addTo(drawn);
    }
    const seen = new Set();
    for (const ring of rings(chosen)) {
      ring.forEach((i, at) => {
        const next = ring[(at + 1) % ring.length];
        if (!seen.has(i)) handle(i);
        seen.add(i);
        middle(i, next);
      });
    }
  }

  function handle(i) {
    const mark = L.marker([corners[i][1], corners[i][0]], { draggable: true, icon: dot("own"), keyboard: false }).addTo(handles);
    mark.on("dragstart", keep);
    mark.on("dragend", () => { move(i, mark.getLatLng()); changed(); });
    mark.on("contextmenu", () => remove(i));
  }
  function middle(a, b) {
    const p = pixel(a).add(pixel(b)).divideBy(2);
    if (pixel(a).distanceTo(pixel(b)) < 30) return;
    const mark = L.marker(map.containerPointToLatLng(p), { icon: dot("new"), keyboard: false }).addTo(handles);
    mark.on("click", () => { keep(); const at = mark.getLatLng(); corners.push([at.lng, at.lat]); insert(corners.length - 1, a, b); changed(); });
  }

  map.on("zoomend", () => { if (chosen) draw(); });
  document.addEventListener("keydown", e => { if (chosen && e.ctrlKey && e.key.toLowerCase() === "z") back(); });
  return {
    theme(given) { tokens = given; if (chosen) draw(); },
    set(draft) {
      steps = [];
      if (!draft) { corners = []; grids = {}; chosen = ""; drawn.clearLayers(); handles.clearLayers(); return; }
      read(draft);
      draw();
    },
    // As if the hand had dragged the corner nearest to one place to another.
    drag(from, to) {
      const point = map.latLngToContainerPoint([from[1], from[0]]);
      const own = [...new Set([...rings(chosen)].flat())].sort((a, b) => pixel(a).distanceTo(point) - pixel(b).distanceTo(point));
      keep();
      move(own[0], L.latLng(to[1], to[0]));
      changed();
    },
    back,
    state() { return { chosen, corners: [...rings(chosen)].reduce((n, ring) => n + ring.length, 0), grids: whole() }; },
  };
}
