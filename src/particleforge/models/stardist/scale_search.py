"""Find the scales at which the particles of an image have the size the network was trained for."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from particleforge.models.scaled_options import MAX_ENLARGEMENT
from particleforge.models.scales import STEP, middle
from particleforge.models.stardist.at_scale import AtScale
from particleforge.models.stardist.overlaps import Bounds
from particleforge.models.stardist.scale_rules import Chosen, choose
from particleforge.step import Step

Floats = npt.NDArray[np.float32]
Find: TypeAlias = Callable[[Floats, Bounds, float], Step[AtScale]]
GLIMPSE_PX, SEARCH_PX = 2.5e5, 1e6
"""Pixels at working scale that are searched at every scale, and at those between which it is hard to choose."""
SMALLEST_PX = 48
"""Shorter side below which a scale is not tried."""
FINER = 4
"""Steps by which finer scales are searched for small particles next to those of a known size."""


def search_scales(find: Find, image: Floats, scales: Sequence[float], known: float | None = None) -> Step[Chosen]:
    """Find particles at the scale where they stand out and change least from scale to scale, small ones at finer ones.

    First a small part in the middle of the image is searched at every scale, then a larger one at the scales that
    `choose` may take, in the end everything at those that it does take, and their neighbours. Each of these may change
    the choice, so it goes on until nothing is lacking.

    Parameters
    ----------
    find
        The detector: finds objects in part of an image at a scale.
    image
        (Y, X) float32, normalised.
    scales
        What to try, ascending. Scales at which the image would become tiny are left out.
    known
        The scale to take, if it is known; only its neighbours and finer ones are searched as well.
    """
    if known is not None:
        most = max(known, MAX_ENLARGEMENT)
        scales = [scale for k in range(-2, FINER + 1) if (scale := known * STEP**k) <= most]
    tried = [s for s in scales if min(image.shape) * s >= SMALLEST_PX or s == known] or [max(scales)]
    fixed = None if known is None else tried.index(known)
    whole, results = Bounds.of(image.shape), list[AtScale]()

    def part(scale: float, pixels: float) -> Bounds:
        return Bounds.of_window(middle(image.shape, pixels / scale**2))

    for scale in tried:
        results.append((yield from find(image, part(scale, GLIMPSE_PX), scale)))
    while True:
        chosen = choose(results, fixed)
        wanted = {i: part(tried[i], SEARCH_PX) for i in chosen.contenders} | dict.fromkeys(chosen.needed, whole)
        lacking = {i: bounds for i, bounds in wanted.items() if bounds.area_px2 > results[i].bounds.area_px2}
        if not lacking:
            return chosen
        for i, bounds in lacking.items():
            results[i] = yield from find(image, bounds, tried[i])
