"""What can be measured of each particle; every module does it for all particles of a label image at once."""
