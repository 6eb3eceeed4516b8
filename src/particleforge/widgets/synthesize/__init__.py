"""The synthesize panel."""
