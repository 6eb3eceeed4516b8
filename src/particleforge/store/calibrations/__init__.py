"""Where instruments and programs write the pixel size, one file each with a function `read`."""
