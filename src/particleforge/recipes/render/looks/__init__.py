"""Instruments: illumination and contrast, one file each."""
