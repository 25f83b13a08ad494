"""How bytes reach an upstream system; each transport turns its library's errors into our four."""
