"""Courses of grain boundaries, one file each."""
