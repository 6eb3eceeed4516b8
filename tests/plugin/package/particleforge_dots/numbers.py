"""Images as numbers in a text file, one row of pixels per line; empty lines lie between the planes of a stack."""

import numpy as np

from particleforge.store.source import Source

SUFFIXES = (".numbers",)


def open(path):
    """Read all of a file."""
    blocks = path.read_text(encoding="utf-8").strip().split("\n\n")
    stack = np.stack([np.loadtxt(block.splitlines(), ndmin=2) for block in blocks])
    return Source.of(stack, "TYX", path, pixel_size_nm=(2.0, 2.0), interval_s=0.5)
