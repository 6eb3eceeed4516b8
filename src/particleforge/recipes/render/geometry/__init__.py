"""Shapes of particles, one file each."""
