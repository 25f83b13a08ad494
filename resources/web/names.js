// Names of areas and roads: the important first, each where it covers least, none over another; over the counts if it must.
"use strict";

function GridLinkNames(map, plane, areas, points) {
  const pane = map.createPane("names");
  pane.style.zIndex = 460;
  pane.style.pointerEvents = "none";
  const canvas = L.DomUtil.create("canvas", "", pane), CELL = 6, face = '"Microsoft YaHei UI", "Noto Sans CJK SC", "Source Han Sans SC", sans-serif';
  // How each kind is written, and which part of it may lie over counts and points at the most.
  const KINDS = {
    subdistrict: { font: `600 15px ${face}`, high: 18, colour: "text", over: 1, far: 60 },
    community: { font: `500 12px ${face}`, high: 15, colour: "text", over: 0.5, far: 48 },
    grid: { font: `11px ${face}`, high: 14, colour: "text", over: 0.34, far: 60 },
    police: { font: `11px ${face}`, high: 14, colour: "muted", over: 0.34, far: 60 },
    road: { font: `italic 11px ${face}`, high: 14, colour: "muted", over: 0.12, far: 16 },
  };
  const MOST = 400, widths = new Map();
  let tokens = {}, written = [];

  function width(pen, kind, text) {
    const key = kind + text;
    if (!widths.has(key)) { pen.font = KINDS[kind].font; widths.set(key, pen.measureText(text).width + 4); }
    return widths.get(key);
  }

  // How many squares of the view are taken by points, summed so that any box is asked in four looks.
  function taken(view) {
    const columns = Math.ceil(view.wide / CELL), rows = Math.ceil(view.high / CELL), line = columns + 1, sums = new Int32Array(line * (rows + 1));
    points.each((x, y, r) => {
      const reach = r * 0.9;
      const west = Math.max(0, Math.floor((x - reach) / CELL)), east = Math.min(columns - 1, Math.floor((x + reach) / CELL));
      const north = Math.max(0, Math.floor((y - reach) / CELL)), south = Math.min(rows - 1, Math.floor((y + reach) / CELL));
      for (let row = north; row <= south; row++) for (let column = west; column <= east; column++) sums[(row + 1) * line + column + 1] = 1;
    });
    for (let row = 1; row <= rows; row++) {
      let sum = 0;
      for (let column = 1; column <= columns; column++) { sum += sums[row * line + column]; sums[row * line + column] = sum + sums[(row - 1) * line + column]; }
    }
    return (left, top, right, bottom) => {
      const w = Math.max(0, Math.floor(left / CELL)), e = Math.min(columns, Math.ceil(right / CELL)), n = Math.max(0, Math.floor(top / CELL)), s = Math.min(rows, Math.ceil(bottom / CELL));
      if (e <= w || s <= n) return 0;
      return (sums[s * line + e] - sums[n * line + e] - sums[s * line + w] + sums[n * line + w]) / ((e - w) * (s - n));
    };
  }

  const STEPS = [];
  for (let dy = -4; dy <= 4; dy++) for (let dx = -2; dx <= 2; dx++) STEPS.push([dx * 18, dy * 8]);
  STEPS.sort((a, b) => Math.hypot(...a) - Math.hypot(...b));

  // The nearest place to its own at which a name covers least: [x, y], or null where there is no room.
  function place(view, one, wide, covered) {
    const kind = KINDS[one.kind];
    let best = null, least = kind.over + 0.001;
    for (const [dx, dy] of STEPS) {
      if (Math.hypot(dx, dy) > kind.far || Math.abs(dx) > one.roomX || Math.abs(dy) > one.roomY) continue;
      const x = one.x + dx, y = one.y + dy, left = x - wide / 2, top = y - kind.high / 2, right = x + wide / 2, bottom = y + kind.high / 2;
      if (left < 2 || top < 2 || right > view.wide - 2 || bottom > view.high - 2) continue;
      if (written.some(o => left < o.right && right > o.left && top < o.bottom && bottom > o.top)) continue;
      const cost = covered(left, top, right, bottom) + Math.hypot(dx, dy) / 2000;
      if (cost < least) { least = cost; best = { x, y, left, top, right, bottom }; if (cost < 0.005) break; }
    }
    return best;
  }

  function wanted(view) {
    const { zoom, scale, left, top } = view, shown = areas.shown(), made = [];
    const level = zoom < 13 ? "subdistrict" : zoom < 16 ? "community" : "grid";
    const kinds = shown.includes(level) ? [level] : shown.slice(-1);
    if (zoom >= 13 && zoom < 15 && shown.includes("subdistrict")) kinds.push("subdistrict");
    for (const kind of ["subdistrict", "community", "grid", "police"].filter(one => kinds.includes(one)))
      for (const one of areas.named(kind, view)) {
        const roomX = (one.box[2] - one.box[0]) * scale * 0.3, roomY = (one.box[3] - one.box[1]) * scale * 0.3;
        made.push({ kind, name: one.name, x: one.x * scale - left, y: one.y * scale - top, roomX, roomY });
      }
    if (zoom >= 15)
      for (const one of areas.roads()) {
        const x = plane.x(one.lon) * scale - left, y = plane.y(one.lat) * scale - top;
        if (x > 0 && y > 0 && x < view.wide && y < view.high) made.push({ kind: "road", name: one.name, x, y, roomX: 4, roomY: 16 });
        if (made.length > MOST) break;
      }
    return made;
  }

  function draw() {
    const view = plane.lay(canvas, 0), pen = view.pen, covered = taken(view), roads = new Map();
    // Below the scale and the zoom buttons nothing can be read.
    written = [{ left: 0, top: view.high - 34, right: 120, bottom: view.high }, { left: view.wide - 50, top: view.high - 84, right: view.wide, bottom: view.high }];
    pen.textAlign = "center"; pen.textBaseline = "middle"; pen.lineJoin = "round"; pen.lineWidth = 3.5; pen.strokeStyle = tokens.surface;
    for (const one of wanted(view)) {
      const near = roads.get(one.name);
      if (one.kind === "road" && near && Math.hypot(near.x - one.x, near.y - one.y) < 260) continue;
      const at = place(view, one, width(pen, one.kind, one.name), covered);
      if (!at) continue;
      if (one.kind === "road") roads.set(one.name, one);
      written.push({ ...at, name: one.name, kind: one.kind });
    }
    written = written.filter(one => one.name);
    for (const one of written) {
      pen.font = KINDS[one.kind].font;
      pen.globalAlpha = 0.88;
      pen.strokeText(one.name, one.x, one.y);
      pen.globalAlpha = 1;
      pen.fillStyle = tokens[KINDS[one.kind].colour];
      pen.fillText(one.name, one.x, one.y);
    }
  }
  map.on("zoomstart", () => { canvas.style.visibility = "hidden"; });

  return {
    draw,
    theme(given) { tokens = given; },
    state: () => written.map(one => ({ name: one.name, kind: one.kind, box: [one.left, one.top, one.right, one.bottom].map(Math.round) })),
  };
}
