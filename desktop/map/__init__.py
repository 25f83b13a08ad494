"""The map: a web page that is served from this process, sees nothing else, and survives its own death."""
