"""Samples in batches that share some of their parameters."""
