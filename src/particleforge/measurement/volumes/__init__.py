"""Bodies that a projection may be taken for, one file each."""
