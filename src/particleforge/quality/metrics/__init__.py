"""How good the particles found in some images are: one number per file; see `particleforge.quality.metric`."""
