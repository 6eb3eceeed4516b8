"""Export formats, one file each with a function `write(model, path)`."""
