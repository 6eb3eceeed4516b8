"""Formats into which detectors of rods can be exported, one per file."""
