"""Recipes: distributions over annotated micrographs."""
