"""Effects of the instrument on the rendered image."""
