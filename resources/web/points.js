// Points and counts of all layers on one canvas: drawn in one go, asked by position, nothing in the document a point.
"use strict";

function GridLinkPoints(map, plane) {
  const pane = map.createPane("points");
  pane.style.zIndex = 450;
  pane.style.pointerEvents = "none";
  const canvas = L.DomUtil.create("canvas", "points", pane), face = '"Microsoft YaHei UI", "Noto Sans CJK SC", sans-serif';
  let layers = [], colours = {}, surface = "#fff", accent = "#1F4E8C", chosen = new Set(), discs = new Map();

  // Binary as the core writes it: for each layer a count, then lon, lat (1e-7 degrees), count and id.
  function read(names, buffer) {
    const view = new DataView(buffer);
    let at = 0;
    layers = names.map(name => {
      const n = view.getInt32(at, true);
      const column = i => new Int32Array(buffer.slice(at + 4 + 4 * n * i, at + 4 + 4 * n * (i + 1)));
      const ids = at + 4 + 12 * n;
      const layer = { name, n, lon: column(0), lat: column(1), count: column(2), ids: new BigInt64Array(buffer.slice(ids, ids + 8 * n)) };
      layer.r = Float32Array.from(layer.count, (count, i) =>
        count === 1 ? 5 : layer.ids[i] !== 0n ? 8 : Math.round(2 * Math.min(22, 7 + 5.1 * Math.log10(count + 1))) / 2);
      layer.xs = new Float32Array(n); layer.ys = new Float32Array(n);
      at = ids + 8 * n;
      return layer;
    });
    return layers.reduce((sum, layer) => sum + layer.n, 0);
  }

  function lie(layer) {
    if (layer.projected === plane.name()) return;
    layer.projected = plane.name();
    layer.x = Float64Array.from(layer.lon, lon => plane.x(lon / 1e7));
    layer.y = Float64Array.from(layer.lat, lat => plane.y(lat / 1e7));
  }

  // A disc of a size and colour is drawn once and then copied: a path for each of thousands would take the frame.
  function disc(colour, r, ratio) {
    const key = colour + r + "/" + ratio + surface;
    let made = discs.get(key);
    if (!made) {
      made = document.createElement("canvas");
      made.width = made.height = Math.ceil((2 * r + 3) * ratio);
      const pen = made.getContext("2d");
      pen.scale(ratio, ratio);
      pen.fillStyle = colour; pen.strokeStyle = surface; pen.lineWidth = 1.5;
      pen.beginPath(); pen.arc(r + 1.5, r + 1.5, r, 0, 7); pen.fill(); pen.stroke();
      discs.set(key, made);
    }
    return made;
  }

  function draw() {
    const view = plane.lay(canvas, 0);
    view.pen.textAlign = "center"; view.pen.textBaseline = "middle";
    for (const layer of layers) drawLayer(view, layer);
    view.pen.globalAlpha = 1;
  }

  function drawLayer({ pen, scale, left, top, ratio }, layer) {
    lie(layer);
    const { n, xs, ys, r, count } = layer, about = colours[layer.name] || {}, colour = about.colour || accent, small = [], large = [];
    pen.globalAlpha = about.opacity === undefined ? 1 : about.opacity;
    for (let i = 0; i < n; i++) {
      const x = xs[i] = layer.x[i] * scale - left, y = ys[i] = layer.y[i] * scale - top, picture = disc(colour, r[i], ratio);
      pen.drawImage(picture, Math.round((x - r[i] - 1.5) * ratio) / ratio, Math.round((y - r[i] - 1.5) * ratio) / ratio, picture.width / ratio, picture.height / ratio);
      if (count[i] > 1) (r[i] > 13 ? large : small).push(i);
    }
    pen.fillStyle = about.on || "#fff";
    for (const [size, some] of [[9.5, small], [11, large]]) {
      pen.font = `600 ${size}px ${face}`;
      for (const i of some) pen.fillText(count[i] < 10000 ? String(count[i]) : Math.round(count[i] / 1000) + "k", xs[i], ys[i] + 0.5);
    }
    if (!chosen.size) return;
    pen.globalAlpha = 1; pen.strokeStyle = accent; pen.lineWidth = 3;
    for (let i = 0; i < n; i++) if (chosen.has(String(layer.ids[i]))) { pen.beginPath(); pen.arc(xs[i], ys[i], r[i] + 4, 0, 7); pen.stroke(); }
  }

  map.on("zoomstart", () => { canvas.style.visibility = "hidden"; });
  map.on("resize", draw);
  return {
    read, draw,
    clear() { layers = []; },
    dress(given) { colours = given; },
    theme(given) { surface = given.surface; accent = given.accent; discs = new Map(); },
    choose(ids) { chosen = new Set(ids); },
    chosen: () => [...chosen],
    each(see) { for (const { n, xs, ys, r } of layers) for (let i = 0; i < n; i++) see(xs[i], ys[i], r[i]); },

    // The topmost feature at a place of the container, or null.
    at(point) {
      for (let k = layers.length - 1; k >= 0; k--) {
        const layer = layers[k];
        for (let i = layer.n - 1; i >= 0; i--) {
          const dx = layer.xs[i] - point.x, dy = layer.ys[i] - point.y, r = layer.r[i] + 2;
          if (dx * dx + dy * dy <= r * r)
            return { layer: layer.name, id: String(layer.ids[i]), count: layer.count[i], lon: layer.lon[i] / 1e7, lat: layer.lat[i] / 1e7 };
        }
      }
      return null;
    },
  };
}
