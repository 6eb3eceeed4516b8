"""Samples in the neighbourhood of given ones."""
