"""Estimate a parameter from the mean of the estimates of several images."""

from typing import Self

import numpy as np
from pydantic import Field

from particleforge.models.estimator.target import Floats, Ints
from particleforge.params import Params

LEAST_GROUPS = 20


class Together(Params):
    """Best linear estimate of a parameter from the mean of the estimates of single images.

    Estimates from single images are biased towards the middle of the range, and so is their mean; the more images
    there are, the more of this bias can be corrected.
    """

    said: float = Field(0.0, description="Mean of the estimates.")
    asked: float = Field(0.0, description="Mean of the parameter.")
    slope: float = Field(1.0, gt=0, description="Slope of the mean estimate of a group against the parameter.")
    variance: float = Field(1.0, gt=0, description="Variance of the parameter.")
    of_groups: float = Field(0.0, ge=0, description="Variance of mean estimates between groups beyond that of images.")
    of_images: float = Field(0.0, ge=0, description="Variance of the estimates within a group.")

    @classmethod
    def fit(cls, found: Floats, asked: Floats, groups: Ints) -> Self | None:
        """Fit it to groups of images.

        Parameters
        ----------
        found, asked
            (n,) estimate from each image, and the parameter of its group.
        groups
            (n,) index of the group of each image.

        Returns
        -------
        None if there are fewer than `LEAST_GROUPS` groups of several images, or the estimates do not follow the
        parameter.
        """
        _, index, counts = np.unique(groups, return_inverse=True, return_counts=True)
        several = counts > 1
        if several.sum() < LEAST_GROUPS:
            return None
        means, true = (np.bincount(index, values) / counts for values in (found, asked))
        of_images = ((found - means[index]) ** 2).sum() / (counts - 1).sum()
        means, true = means[several], true[several]
        slope = np.polyfit(true, means, 1)[0] if np.ptp(true) else 0.0
        if slope <= 0:
            return None
        rest = means - means.mean() - slope * (true - true.mean())
        of_groups = max(0.0, float((rest**2).mean() - (of_images / counts[several]).mean()))
        return cls(
            said=float(means.mean()),
            asked=float(true.mean()),
            slope=float(slope),
            variance=float(true.var()),
            of_groups=of_groups,
            of_images=float(of_images),
        )

    def __call__(self, mean: float, count: int) -> float:
        """Return the parameter from the mean estimate of `count` images."""
        signal = self.slope * self.variance
        noise = self.of_groups + self.of_images / count
        return self.asked + signal / (self.slope * signal + noise) * (mean - self.said)
