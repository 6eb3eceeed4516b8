"""Cracks in surfaces."""
