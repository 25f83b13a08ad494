// Points and counts of all layers on one canvas: drawn in one go, asked by position, nothing in the document a point.
"use strict";

const GridLinkPoints = L.Layer.extend({
  initialize() { this.layers = []; this.colours = {}; this.surface = "#fff"; this.chosen = new Set(); },

  onAdd(map) {
    this.canvas = L.DomUtil.create("canvas", "points", map.getPane("points"));
    map.on("zoomstart", this.hide, this);
    map.on("resize", this.draw, this);
  },
  onRemove(map) { this.canvas.remove(); map.off("zoomstart", this.hide, this); map.off("resize", this.draw, this); },
  hide() { this.canvas.style.visibility = "hidden"; },

  // Binary as the core writes it: for each layer a count, then lon, lat (1e-7 degrees), count and id.
  read(names, buffer) {
    const view = new DataView(buffer), layers = [];
    let at = 0;
    for (const name of names) {
      const n = view.getInt32(at, true);
      const column = i => new Int32Array(buffer.slice(at + 4 + 4 * n * i, at + 4 + 4 * n * (i + 1)));
      const ids = at + 4 + 12 * n;
      layers.push({ name, n, lon: column(0), lat: column(1), count: column(2), ids: new BigInt64Array(buffer.slice(ids, ids + 8 * n)) });
      at = ids + 8 * n;
    }
    this.layers = layers;
    return layers.reduce((sum, layer) => sum + layer.n, 0);
  },

  draw() {
    const map = this._map, size = map.getSize(), ratio = window.devicePixelRatio || 1, canvas = this.canvas;
    const corner = map.containerPointToLayerPoint([0, 0]);
    L.DomUtil.setPosition(canvas, corner);
    canvas.width = size.x * ratio; canvas.height = size.y * ratio;
    canvas.style.width = size.x + "px"; canvas.style.height = size.y + "px";
    canvas.style.visibility = "";
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.textAlign = "center"; pen.textBaseline = "middle";
    for (const layer of this.layers) this.drawLayer(pen, layer);
  },

  drawLayer(pen, layer) {
    const map = this._map, n = layer.n, xs = layer.xs = new Float32Array(n), ys = layer.ys = new Float32Array(n), rs = layer.rs = new Float32Array(n);
    const about = this.colours[layer.name] || {}, texts = [];
    pen.globalAlpha = about.opacity === undefined ? 1 : about.opacity;
    pen.fillStyle = about.colour || "#1F4E8C"; pen.strokeStyle = this.surface; pen.lineWidth = 1.5;
    for (let i = 0; i < n; i++) {
      const p = map.latLngToContainerPoint([layer.lat[i] / 1e7, layer.lon[i] / 1e7]), single = layer.ids[i] !== 0n, count = layer.count[i];
      const r = count === 1 ? 5 : single ? 8 : Math.min(22, 7 + 5.1 * Math.log10(count + 1));
      xs[i] = p.x; ys[i] = p.y; rs[i] = r;
      pen.beginPath(); pen.arc(p.x, p.y, r, 0, 7); pen.fill(); pen.stroke();
      if (count > 1) texts.push(i);
    }
    pen.fillStyle = about.on || "#fff";
    for (const i of texts) {
      const size = rs[i] > 13 ? 11 : 9.5, text = layer.count[i] < 10000 ? String(layer.count[i]) : Math.round(layer.count[i] / 1000) + "k";
      pen.font = `600 ${size}px "Microsoft YaHei UI", "Noto Sans CJK SC", sans-serif`;
      pen.fillText(text, xs[i], ys[i] + 0.5);
    }
    if (this.chosen.size) {
      pen.globalAlpha = 1; pen.strokeStyle = this.accent || "#1F4E8C"; pen.lineWidth = 3;
      for (let i = 0; i < n; i++) if (this.chosen.has(String(layer.ids[i]))) { pen.beginPath(); pen.arc(xs[i], ys[i], rs[i] + 4, 0, 7); pen.stroke(); }
    }
    pen.globalAlpha = 1;
  },

  // The topmost feature at a place of the container, or null.
  at(point) {
    for (let k = this.layers.length - 1; k >= 0; k--) {
      const layer = this.layers[k];
      if (!layer.xs) continue;
      for (let i = layer.n - 1; i >= 0; i--) {
        const dx = layer.xs[i] - point.x, dy = layer.ys[i] - point.y, r = layer.rs[i] + 2;
        if (dx * dx + dy * dy <= r * r)
          return { layer: layer.name, id: String(layer.ids[i]), count: layer.count[i], lon: layer.lon[i] / 1e7, lat: layer.lat[i] / 1e7 };
      }
    }
    return null;
  },
});
