"""Outlines of particles, one file per kind."""
