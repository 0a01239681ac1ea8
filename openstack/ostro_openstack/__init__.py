"""Plugins by which Nova and Heat ask Ostro where servers go."""
