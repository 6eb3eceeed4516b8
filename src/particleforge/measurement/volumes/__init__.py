"""Bodies whose volume is estimated from a projection, one file each."""
