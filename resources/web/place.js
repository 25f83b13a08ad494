// Where an address goes: one mark that the hand drags, or sets with a click; the neighbours it was proposed by are ringed.
"use strict";

function GridLinkPlace(map, tell) {
  let mark = null;
  const icon = L.divIcon({ className: "proposed", html: "<b></b>", iconSize: [26, 26], iconAnchor: [13, 13] });
  const told = () => { const at = mark.getLatLng(); tell("dragged", { lon: at.lng, lat: at.lat }); };
  return {
    set(place) {
      if (mark) mark.remove();
      mark = null;
      if (!place) return;
      mark = L.marker([place.lat, place.lon], { draggable: true, icon, zIndexOffset: 1000, keyboard: false }).addTo(map);
      mark.on("dragend", told);
    },
    click(at) {
      if (!mark) return false;
      mark.setLatLng(at);
      told();
      return true;
    },
    state() { return mark ? { lon: mark.getLatLng().lng, lat: mark.getLatLng().lat } : null; },
  };
}
