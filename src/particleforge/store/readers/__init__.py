"""Image formats, one file each: `SUFFIXES` and `open`. Libraries are imported when a file is opened."""
