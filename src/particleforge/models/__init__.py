"""Models that find particles in micrographs."""
