"""Particles followed through the frames of movies: linking, drift, growth."""
