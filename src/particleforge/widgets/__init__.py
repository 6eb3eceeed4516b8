"""The napari side: the only part that imports Qt and napari."""
