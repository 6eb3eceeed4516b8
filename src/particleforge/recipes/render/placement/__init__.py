"""Arrangements of particles, one file each."""
