"""Appearance of particles inside their outline, one file per kind."""
