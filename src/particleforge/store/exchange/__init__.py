"""Formats of other programs, each a file with `read` and `write`."""
