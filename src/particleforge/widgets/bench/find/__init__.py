"""Finding the particles of images with a detector, and teaching detectors."""
