"""Mitsuba in a process of its own."""
