// Outlines of the district, its divisions and grids, and the colouring by a statistic: all on one canvas.
"use strict";

function GridLinkAreas(map, plane) {
  const pane = map.createPane("base");
  pane.style.zIndex = 300;
  const canvas = L.DomUtil.create("canvas", "leaflet-zoom-animated", pane), outlined = L.layerGroup().addTo(map);
  const MARGIN = 0.2, ORDER = ["district", "grid", "community", "subdistrict", "police"];
  const nearest = { subdistrict: 0, community: 12.5, grid: 14, police: 13.5 };
  let base = {}, laid = null, projected = "", shown = ["subdistrict", "community", "grid"], fill = null, tokens = {}, covered = false, last = null;

  const style = level => ({
    district: { color: tokens.accent, weight: 2.5, ground: covered ? "" : tokens.surface },
    grid: { color: covered ? tokens.accent : tokens.line, weight: 1 },
    police: { color: tokens.police, weight: 1.4, dash: [6, 3] },
    community: { color: tokens.muted, weight: 1, opacity: 0.7, dash: [4, 3] },
    subdistrict: { color: tokens.accent, weight: 1.6, opacity: 0.8 },
  })[level];

  // Each area as rings on the plane with its box and the place of its name.
  function project() {
    projected = plane.name();
    laid = {};
    for (const level of ORDER) laid[level] = (base[level] || []).map(area);
  }
  function area(feature) {
    const { type, coordinates } = feature.geometry, rings = [], box = [Infinity, Infinity, -Infinity, -Infinity];
    for (const part of type === "Polygon" ? [coordinates] : coordinates)
      for (const ring of part) {
        const points = new Float64Array(2 * ring.length);
        ring.forEach(([lon, lat], i) => {
          const x = points[2 * i] = plane.x(lon), y = points[2 * i + 1] = plane.y(lat);
          if (x < box[0]) box[0] = x;
          if (y < box[1]) box[1] = y;
          if (x > box[2]) box[2] = x;
          if (y > box[3]) box[3] = y;
        });
        rings.push(points);
      }
    const about = feature.properties;
    return { rings, box, code: about.code, name: about.name, x: plane.x(about.at[1]), y: plane.y(about.at[0]) };
  }
  function all() { if (!laid || projected !== plane.name()) project(); return laid; }

  function within(areas, view) {
    const west = view.left / view.scale, north = view.top / view.scale;
    const east = (view.left + view.wide) / view.scale, south = (view.top + view.high) / view.scale;
    return areas.filter(one => one.box[2] >= west && one.box[0] <= east && one.box[3] >= north && one.box[1] <= south);
  }

  // The borders that cross the canvas, whatever lies wholly beside it left out: dashes over kilometres are dear.
  function trace(view, points) {
    const { pen, scale, left, top, wide, high } = view;
    let ax = points[0] * scale - left, ay = points[1] * scale - top, down = false;
    for (let i = 2; i < points.length; i += 2) {
      const bx = points[i] * scale - left, by = points[i + 1] * scale - top;
      const end = i === points.length - 2;
      if (!end && (bx - ax) * (bx - ax) + (by - ay) * (by - ay) < 1) continue;
      if ((ax < 0 && bx < 0) || (ay < 0 && by < 0) || (ax > wide && bx > wide) || (ay > high && by > high)) down = false;
      else {
        if (!down) pen.moveTo(ax, ay);
        pen.lineTo(bx, by);
        down = true;
      }
      ax = bx; ay = by;
    }
  }
  function close(view, points) {
    const { pen, scale, left, top } = view;
    pen.moveTo(points[0] * scale - left, points[1] * scale - top);
    for (let i = 2; i < points.length; i += 2) pen.lineTo(points[i] * scale - left, points[i + 1] * scale - top);
    pen.closePath();
  }
  function paint(view, some, colour, opacity) {
    view.pen.beginPath();
    for (const one of some) for (const ring of one.rings) close(view, ring);
    view.pen.globalAlpha = opacity;
    view.pen.fillStyle = colour;
    view.pen.fill("evenodd");
  }

  function level(view, name) {
    const filled = fill && fill.by === name, look = style(name), some = within(all()[name], view), pen = view.pen;
    if (name !== "district" && !filled && (!shown.includes(name) || view.zoom < nearest[name])) return;
    if (look.ground) paint(view, some, look.ground, 1);
    if (filled) {
      const by = new Map();
      for (const one of some) {
        const colour = fill.colours[one.code] || (fill.suppressed || []).includes(one.code) && "few" || "";
        by.set(colour, [...(by.get(colour) || []), one]);
      }
      for (const [colour, ours] of by) {
        if (colour === "few") paint(view, ours, hatched(pen), 1);
        else paint(view, ours, colour || tokens.ground, colour ? 0.75 : 0.4);
      }
    }
    pen.beginPath();
    for (const one of some) for (const ring of one.rings) trace(view, ring);
    pen.globalAlpha = look.opacity || 1;
    pen.strokeStyle = look.color; pen.lineWidth = look.weight; pen.setLineDash(look.dash || []);
    pen.stroke();
  }
  // Too few to be shown is not the same as nothing known: it is hatched.
  function hatched(pen) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const own = tile.getContext("2d");
    own.strokeStyle = tokens.muted; own.globalAlpha = 0.55; own.lineWidth = 1;
    own.beginPath();
    for (const at of [-4, 4]) { own.moveTo(at - 2, 10); own.lineTo(at + 10, -2); }
    own.stroke();
    return pen.createPattern(tile, "repeat");
  }

  function draw() {
    const view = last = plane.lay(canvas, MARGIN);
    for (const name of ORDER) level(view, name);
    view.pen.globalAlpha = 1;
    view.pen.setLineDash([]);
  }
  // While a zoom is on its way the picture of before grows or shrinks with it.
  map.on("zoomanim", e => {
    if (last) L.DomUtil.setTransform(canvas, map._latLngToNewLayerPoint(last.at, e.zoom, e.center), map.getZoomScale(e.zoom, last.zoom));
  });
  map.on("resize", draw);

  return {
    draw,
    set(given) { base = given; laid = null; draw(); },
    theme(given) { tokens = given; draw(); },
    levels(chosen) { shown = chosen; draw(); },
    colour(given) { fill = given; draw(); },
    cover(yes) { covered = yes; draw(); },
    // What can be named in a view: areas of a level, or the roads, with their boxes on the plane.
    named: (name, view) => within(all()[name] || [], view),
    roads: () => covered ? [] : base.roads || [],
    shown: () => shown,
    outline(geometry) {
      outlined.clearLayers();
      if (geometry) L.geoJSON(geometry, { style: { color: tokens.accent, weight: 2.5, fillOpacity: 0.12, fillColor: tokens.accent }, interactive: false }).addTo(outlined);
    },
    bounds() { return base.district ? L.geoJSON(base.district).getBounds() : null; },
  };
}
