"""Formats for other programs, one file each with `write(model, path)`."""
