"""Metrics of the particles found in images, one per file; see `particleforge.quality.metric`."""
