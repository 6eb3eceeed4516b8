"""The bundled detector on drawn images."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from particleforge.models.opening import open_model
from particleforge.models.rods.geometry import RodArcs
from particleforge.models.rods.outlines import Rods

SHAPE = (160, 160)


@pytest.mark.slow
@pytest.mark.parametrize("turned_deg", [0, 35, 60])
@pytest.mark.parametrize("bright", [True, False])
def test_two_rods_that_cross_at_60_degrees_are_found_whole(turned_deg: float, bright: bool) -> None:
    angles = np.deg2rad([turned_deg, turned_deg + 60])
    drawn = Rods(RodArcs(np.full((2, 2), 80.0), np.full(2, 48.0), angles, np.zeros(2), np.full(2, 5.0)))
    labels = drawn.paint(SHAPE, np.array([0.5, 0.6], np.float32))
    noise = np.random.default_rng(0).normal(0, 6, SHAPE)
    grey = gaussian_filter(np.where(labels > 0, 170.0, 90.0), 1) + noise
    found = open_model("rods").detect((grey if bright else 255 - grey).astype(np.uint8), scale=1.0, rods_only=True)
    assert len(found) == 2
    for index in range(2):
        mask = drawn.mask(index, SHAPE)
        true = np.zeros(SHAPE, bool)
        true[mask.window] = mask.pixels
        shares = []
        for one in found.whole_masks.values():
            pixels = np.zeros(SHAPE, bool)
            pixels[one.window] = one.pixels
            shares.append((pixels & true).sum() / (pixels | true).sum())
        assert max(shares) > 0.8
