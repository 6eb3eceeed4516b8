"""Micrographs rendered from three-dimensional scenes."""
