"""Detectors of rods: straight or bent ones, also those that cross others, each with its whole outline."""
