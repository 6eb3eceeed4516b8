"""How far a warp shifts the size distribution: true sizes are hidden only if it does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from particleforge.errors import Cancelled
from particleforge.measurement.distribution import size_statistics, size_unit
from particleforge.measurement.particles import measure_particles
from particleforge.recipes.recipe import Recipe, make_sample
from particleforge.sample import Sample

MOST_IMAGES = 12
"""At most this number of annotated images is warped for the comparison."""
MOST_SAMPLES = 100
"""At most this number of samples of a dataset is compared."""
SIGNS = {"um": "µm"}
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SizeShift:
    """Equal-area diameters before and after, in one unit.

    Parameters
    ----------
    before, after
        (n,) and (m,) diameters.
    unit
        ``nm``, ``um``, ``mm`` or ``px``.
    distance
        Wasserstein distance on ln d, roughly the relative change of size; None without particles.
    """

    before: Floats
    after: Floats
    unit: str
    distance: float | None

    def rows(self) -> list[tuple[str, str, str]]:
        """Rows of figures as text: name, before, after."""
        old, new = size_statistics(self.before), size_statistics(self.after)
        form = "{:.4g} " + SIGNS.get(self.unit, self.unit)
        return [
            ("Particles", str(len(self.before)), str(len(self.after))),
            ("Geometric mean", _text(old["geometric_mean"], form), _text(new["geometric_mean"], form)),
            ("GSD", _text(old["gsd"], "{:.3f}"), _text(new["gsd"], "{:.3f}")),
        ]


def size_shift(before: Sequence[Sample], after: Sequence[Sample]) -> SizeShift:
    """Measure all particles before and after; in px unless every pixel size is known."""
    in_nm = all(sample.micrograph.square_pixel_size_nm for sample in (*before, *after))
    old, new = (_diameters(samples, in_nm) for samples in (before, after))
    unit, factor = size_unit(float(np.median(old))) if in_nm and len(old) else ("nm" if in_nm else "px", 1.0)
    return SizeShift(old * factor, new * factor, unit, _distance(old, new))


def warped_sizes(sources: Sequence[Sample], recipe: Recipe, outdated: Callable[[], bool]) -> SizeShift:
    """Draw once from each of the first annotated images, and compare.

    Raises
    ------
    UserError
        If the recipe cannot be fulfilled.
    Cancelled
        Once `outdated()` is true.
    """
    before, after = sources[:MOST_IMAGES], []
    for number, sample in enumerate(before):
        if outdated():
            raise Cancelled
        after.append(make_sample(recipe, recipe.prepare([sample]), 0, number))
    return size_shift(before, after)


def dataset_sizes(sources: Sequence[Sample], dataset: Sequence[Sample], outdated: Callable[[], bool]) -> SizeShift:
    """Compare the annotated images with the first ones of a dataset.

    Raises
    ------
    Cancelled
        Once `outdated()` is true.
    """
    after = []
    for number in range(min(len(dataset), MOST_SAMPLES)):
        if outdated():
            raise Cancelled
        after.append(dataset[number])
    return size_shift(sources, after)


def _diameters(samples: Sequence[Sample], in_nm: bool) -> Floats:
    found = [np.zeros(0)]
    for sample in samples:
        size = sample.micrograph.square_pixel_size_nm if in_nm else 1.0
        found.append(measure_particles(sample.labels)["ecd_px"].to_numpy(float) * (size or 1.0))
    return np.concatenate(found)


def _distance(old: Floats, new: Floats) -> float | None:
    from scipy.stats import wasserstein_distance

    return float(wasserstein_distance(np.log(old), np.log(new))) if len(old) and len(new) else None


def _text(value: float | None, form: str) -> str:
    return "none" if value is None else form.format(value)
