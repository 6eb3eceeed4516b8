"""Annotating particles: clicks, edits, scale bars, and what is still missing. No user interface."""
