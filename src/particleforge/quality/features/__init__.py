"""Features of images, one per file; see `particleforge.quality.feature`."""
