"""Ways to deform an image, one file each."""
