"""Samples in groups that share some of their parameters."""
