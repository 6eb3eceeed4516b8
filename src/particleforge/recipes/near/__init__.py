"""Samples near some that were made before."""
