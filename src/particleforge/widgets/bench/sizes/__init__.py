"""The sizes of the particles of an image, of all images, or by group."""
