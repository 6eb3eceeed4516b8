"""What is measured of the particles of a layer, and the options of detectors."""
