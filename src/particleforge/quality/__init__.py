"""How good something is: particles that were found, and later sets of images, compared with the truth."""
