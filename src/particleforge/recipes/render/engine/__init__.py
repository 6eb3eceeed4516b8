"""Mitsuba in a separate process."""
