"""What lies behind the particles, one file per effect."""
