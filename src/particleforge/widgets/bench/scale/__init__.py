"""The pixel size of images: from their files, from scale bars, or as entered."""
