"""The shape of a distribution, from a sample."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from particleforge.draws import Distribution, Floats
from particleforge.widgets.form.numbers import shown

SAMPLES = 50_000
BINS = 40
ATOM_SHARE = 0.01
"""A number drawn more often than this is a stick, not part of the density."""


@dataclass(frozen=True, eq=False)
class Density:
    """The shape of a sample.

    Parameters
    ----------
    low, high
        Ends of the axis.
    heights
        (bins,) density of what is continuous; its maximum is at most 1.
    atoms
        (numbers, 2) single numbers and the height of their sticks.
    summary
        Median and range of most numbers as text.
    """

    low: float
    high: float
    heights: npt.NDArray[np.float64]
    atoms: npt.NDArray[np.float64]
    summary: str


def density(distribution: Distribution) -> Density | None:
    """Density of a distribution without its outermost 0.5 % on each side; None if numbers exceed that of floats."""
    drawn = sampled(distribution, SAMPLES)
    if drawn is None:
        return None
    low, middle, high = (float(number) for number in np.quantile(drawn, [0.005, 0.5, 0.995]))
    numbers, counts = np.unique(drawn, return_counts=True)
    often = counts > ATOM_SHARE * SAMPLES
    atoms = np.stack([numbers[often], counts[often] / SAMPLES], 1)
    rest = drawn[~np.isin(drawn, numbers[often])]
    summary = f"Median {shown(float(f'{middle:.3g}'))}; 99 % lie between {low:.3g} and {high:.3g}."
    if low == high:
        return Density(low, high, np.zeros(BINS), np.array([[low, 1.0]]), summary)
    try:
        heights = np.histogram(rest, BINS, (low, high))[0].astype(float)
    except ValueError:  # too narrow for numbers of this size
        return None
    smooth = np.convolve(np.pad(heights, 1, "edge"), [0.25, 0.5, 0.25], "valid")
    share = len(rest) / SAMPLES
    most = max(share, atoms[:, 1].max(initial=0))
    smooth *= share / most / max(smooth.max(), 1.0)
    atoms[:, 1] /= most
    return Density(low, high, smooth, atoms, summary)


def sampled(distribution: Distribution, size: int) -> Floats | None:
    """Draw a sample, always the same one; None if its numbers exceed the range of floats."""
    with np.errstate(all="ignore"):
        try:
            drawn = distribution.sample(np.random.default_rng(0), size)
            reach = float(np.ptp(drawn))
        except (OverflowError, ValueError):
            return None
    return drawn if np.isfinite(drawn).all() and np.isfinite(reach) else None
