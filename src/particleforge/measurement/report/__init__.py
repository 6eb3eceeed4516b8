"""Reports of measured particles for people: HTML and PDF."""
