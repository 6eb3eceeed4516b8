"""Drawn images that detectors are judged on."""

import numpy as np
import pytest

from particleforge.micrograph import Micrograph
from particleforge.sample import Sample


def _drawn(seed, known=False):
    """Bright discs on dark ground with their labels; the right of the image not annotated if `known`."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices((96, 120))
    labels = np.zeros((96, 120), np.uint32)
    for label, (y, x) in enumerate([(20, 22), (24, 62), (22, 98), (70, 30), (68, 85)], 1):
        labels[np.hypot(rows - y, columns - x) < rng.uniform(7, 12)] = label
    pixels = np.clip(30 + 150 * (labels > 0) + rng.normal(0, 4, labels.shape), 0, 255).astype(np.uint8)
    region = np.broadcast_to(columns < 45, labels.shape) if known else None
    shown = np.where(region, labels, 0).astype(np.uint32) if known else labels
    return Sample(Micrograph(pixels, (2.0, 2.0), name=f"discs_{seed}"), shown, region)


@pytest.fixture(scope="session")
def drawn():
    """Function that draws a sample of a seed."""
    return _drawn
