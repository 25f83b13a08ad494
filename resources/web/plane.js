// Where things lie on the screen: positions once on the plane of zoom 0, from there to a canvas by one multiplication;
// and canvases that lie over the map, with some margin so that a pan has something to show at once.
"use strict";

function GridLinkPlane(map) {
  const RAD = Math.PI / 180;
  const flat = () => map.options.crs === L.CRS.EPSG4490;
  return {
    // The name of the projection in force: what was projected under another one has to be projected again.
    name: () => map.options.crs.code,
    x: lon => (lon / 360 + 0.5) * 256,
    y: lat => flat() ? (0.25 - lat / 360) * 256 : (0.5 - Math.log(Math.tan(Math.PI / 4 + lat * RAD / 2)) / (2 * Math.PI)) * 256,

    // Lays a canvas over the view with a margin (a part of the view's size) and says how the plane falls onto it.
    lay(canvas, margin) {
      const size = map.getSize(), ratio = window.devicePixelRatio || 1;
      const pad = size.multiplyBy(margin).round(), wide = size.x + 2 * pad.x, high = size.y + 2 * pad.y;
      const corner = map.containerPointToLayerPoint([0, 0]).subtract(pad), zoom = map.getZoom();
      const from = map.getPixelOrigin().add(corner);
      L.DomUtil.setPosition(canvas, corner);
      if (canvas.width !== Math.round(wide * ratio) || canvas.height !== Math.round(high * ratio)) {
        canvas.width = Math.round(wide * ratio); canvas.height = Math.round(high * ratio);
        canvas.style.width = wide + "px"; canvas.style.height = high + "px";
      }
      canvas.style.visibility = "";
      const pen = canvas.getContext("2d");
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.clearRect(0, 0, wide, high);
      return { pen, wide, high, pad, ratio, scale: 2 ** zoom, left: from.x, top: from.y, zoom, at: map.containerPointToLatLng(pad.multiplyBy(-1)) };
    },
  };
}
