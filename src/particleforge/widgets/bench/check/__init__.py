"""Checking, correcting and confirming particles."""
