"""Where the light or the electrons come from and what they show, one file each."""
