"""Polycrystals: grains that fill the image, with their boundaries."""
