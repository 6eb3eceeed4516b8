"""Unlabelled structures behind the particles that could be mistaken for them, one file per kind."""
