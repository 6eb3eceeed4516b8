"""Find and measure the particles of images too large for one piece, tile by tile.

Each pass is a function of a tile that writes a file: it may run in any process and in any order, and what is written
already is not computed again.
"""
