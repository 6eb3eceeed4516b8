"""Background behind the particles, one file per effect."""
