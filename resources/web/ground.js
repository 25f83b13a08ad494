// Base maps: tiles from a file or from the intranet map service, in web mercator or in degrees (EPSG:4490).
"use strict";

// Degrees as Tianditu's matrix set "c" cuts them: level 1 is two tiles wide and one high. Leaflet's zoom z counts tiles of
// 256 pixels on the equator as in web mercator, so that 360 degrees are 2^z tiles in either; rows count from 90° north.
L.CRS.EPSG4490 = L.extend({}, L.CRS.Earth, {
  code: "EPSG:4490",
  projection: L.Projection.LonLat,
  transformation: new L.Transformation(1 / 360, 0.5, -1 / 360, 0.25),
});

function GridLinkGround(map, areas) {
  map.createPane("ground").style.zIndex = 100;
  const credit = document.getElementById("credit");
  let layers = [], failed = 0, loaded = 0, set = "w";

  function project(to) {
    if (to === set) return;
    const centre = map.getCenter && map._loaded ? map.getCenter() : null, zoom = map._loaded ? map.getZoom() : null;
    map.options.crs = to === "c" ? L.CRS.EPSG4490 : L.CRS.EPSG3857;
    set = to;
    if (centre) { map._resetView(centre, zoom, true); map.fire("viewreset"); }
  }

  return {
    set(given) {
      layers.forEach(one => one.remove());
      layers = []; failed = loaded = 0;
      credit.textContent = "";
      project(given && given.matrix === "c" ? "c" : "w");
      areas.cover(Boolean(given));
      if (!given) return;
      credit.textContent = given.attribution || "";
      for (let i = 0; i < given.layers; i++) {
        const one = L.tileLayer("/tile/" + i + "/{z}/{x}/{y}?" + given.version, { pane: "ground", maxZoom: 20, maxNativeZoom: given.max_zoom,
          minNativeZoom: given.min_zoom, keepBuffer: 1 });
        one.on("tileerror", () => { failed++; });
        one.on("tileload", () => { loaded++; });
        layers.push(one.addTo(map));
      }
    },
    state() { return { matrix: set, failed, loaded, layers: layers.length, crs: map.options.crs.code }; },
  };
}
