"""Distances between sets of images, one per file; see `particleforge.quality.distance`."""
