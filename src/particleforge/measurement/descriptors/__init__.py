"""The descriptors of particles: one file each, which declares its columns; see `Descriptor`."""
