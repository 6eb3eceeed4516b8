"""What can be measured of particles: a file each, which declares its columns; see `Descriptor`."""
