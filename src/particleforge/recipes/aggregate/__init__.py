"""Aggregates of touching spheres and their electron micrographs."""
