"""The uncertainty budget of the figures of a size distribution; one file per component."""
