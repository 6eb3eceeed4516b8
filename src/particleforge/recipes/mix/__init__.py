"""Samples from several recipes."""
