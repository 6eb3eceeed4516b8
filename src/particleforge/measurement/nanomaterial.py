"""Screening by the definition of a nanomaterial that the European Commission recommends."""

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from particleforge.measurement.arrays import Floats, Ints
from particleforge.measurement.statistics.bootstrap import FEWEST_IMAGES, Precision, resampled_sums
from particleforge.measurement.statistics.sizes import numbered
from particleforge.measurement.statistics.wilson import wilson

if TYPE_CHECKING:
    import pandas as pd

LIMIT_NM = 100.0
"""External dimensions of 1 to 100 nm make a particle count (2022/C 229/01, 1)."""
HALF = 0.5
"""A material is a nanomaterial if at least this share of its particles counts, by number."""
FEWEST_PX = 10.0
"""Particles of fewer pixels across are easily missed, so that few small ones found do not mean few."""


@dataclass(frozen=True)
class NanoShare:
    """Share by number of particles with a minimum Feret diameter of at most 100 nm, and what follows from it.

    Parameters
    ----------
    share
        Share by number, weighted by the border rule.
    low, high
        Its interval.
    confidence_percent
        Confidence of the interval.
    count
        Number of particles that count.
    verdict
        ``at_least_half`` or ``below_half`` if the whole interval is on that side of 50 %, otherwise ``undecided``.
        Where 100 nm is fewer than `FEWEST_PX` pixels in an image, small particles may have been missed: then it is
        never ``below_half``.
    coarsest_nm
        Largest pixel size of the images.
    sizes_included
        Whether the uncertainty of the sizes is part of the interval, apart from that of sampling.
    """

    share: float
    low: float
    high: float
    confidence_percent: float
    count: int
    verdict: Literal["at_least_half", "below_half", "undecided"]
    coarsest_nm: float
    sizes_included: bool

    @property
    def too_coarse(self) -> bool:
        """Whether small particles may have been missed."""
        return self.coarsest_nm * FEWEST_PX > LIMIT_NM

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        if self.verdict == "at_least_half":
            return "Clearly at least 50 %: the particles seen meet the criterion for a nanomaterial."
        if self.verdict == "below_half":
            return "Clearly below 50 %: the particles seen do not meet the criterion for a nanomaterial."
        if self.too_coarse and self.high < HALF:
            return (
                f"Undecided: 100 nm is only {LIMIT_NM / self.coarsest_nm:.2g} px, so smaller particles may have been "
                "missed. Use a higher magnification."
            )
        return "Undecided: 50 % lies within the interval."

    def plain(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"limit_nm": LIMIT_NM, **asdict(self), "sentence": self.sentence}


def nano_share(table: "pd.DataFrame", precision: Precision = Precision(), size_error: float = 0.0) -> NanoShare | None:
    r"""Estimate the share of particles with a minimum Feret diameter of at most 100 nm, by number.

    The interval combines that of sampling with what it would be if all sizes were wrong by `size_error`: on each side
    in quadrature. That of sampling is Wilson's score interval for Kish's effective number of particles; from six images
    it includes that of whole images, resampled.

    Parameters
    ----------
    table
        Particles of one or several images, as `measure_particles` gives them.
    precision
        Precision of the interval.
    size_error
        Expanded uncertainty of ln(size), apart from sampling.

    Returns
    -------
    NanoShare or None
        None if no particle counts, or the size of one is not known in nm.
    """
    if "feret_min_nm" not in table:
        return None
    counted = table.loc[table["weight"] > 0, ["image", "weight", "feret_min_nm", "feret_min_px"]]
    if not len(counted) or counted["feret_min_nm"].isna().any():
        return None
    feret, weights = counted["feret_min_nm"].to_numpy(float), counted["weight"].to_numpy(float)

    def share(factor: float) -> float:
        return float(np.average(feret * factor <= LIMIT_NM, weights=weights))

    value, fewest, most = share(1), share(math.exp(size_error)), share(math.exp(-size_error))
    low, high = _sampled(feret <= LIMIT_NM, weights, numbered(counted["image"])[0], precision)
    low = max(0.0, value - math.hypot(value - low, value - fewest))
    high = min(1.0, value + math.hypot(high - value, most - value))
    coarsest = float((feret / counted["feret_min_px"].to_numpy(float)).max())
    blind = coarsest * FEWEST_PX > LIMIT_NM
    verdict: Literal["at_least_half", "below_half", "undecided"] = "undecided"
    if low >= HALF:
        verdict = "at_least_half"
    elif high < HALF and not blind:
        verdict = "below_half"
    return NanoShare(value, low, high, precision.confidence_percent, len(counted), verdict, coarsest, size_error > 0)


def _sampled(below: npt.NDArray[np.bool_], weights: Floats, images: Ints, precision: Precision) -> tuple[float, float]:
    """Interval of a weighted share, from sampling alone."""
    effective = float(weights.sum() ** 2 / (weights @ weights))  # Kish
    low, high = wilson(float(np.average(below, weights=weights)), effective, precision.confidence_percent)
    if len(np.unique(images)) < FEWEST_IMAGES:
        return low, high
    columns = np.stack([weights * below, weights])
    least, largest = resampled_sums(images, columns, lambda sums: sums[:, :1] / sums[:, 1:], precision)[:, 0]
    return min(low, float(least)), max(high, float(largest))
