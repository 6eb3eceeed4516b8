"""Rules for particles at the border of an image, one file each."""
