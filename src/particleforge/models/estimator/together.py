"""What the mean of several images' estimates tells of a parameter."""

from typing import Self

import numpy as np
from pydantic import Field

from particleforge.models.estimator.target import Floats, Ints
from particleforge.params import Params

LEAST_GROUPS = 20


class Together(Params):
    """Best linear estimate of a parameter from the mean of single images' estimates.

    What is read from a single image lies nearer to the middle of the range than the truth, and so does the mean of
    many; the more images there are, the more of that can be taken back.
    """

    said: float = Field(0.0, description="Mean of the images' estimates.")
    asked: float = Field(0.0, description="Mean of the parameter.")
    slope: float = Field(1.0, gt=0, description="Change of a group's mean estimate with the parameter.")
    variance: float = Field(1.0, gt=0, description="Variance of the parameter.")
    of_groups: float = Field(0.0, ge=0, description="Variance of groups' mean estimates that images do not explain.")
    of_images: float = Field(0.0, ge=0, description="Variance of the images' estimates in a group.")

    @classmethod
    def fit(cls, found: Floats, asked: Floats, groups: Ints) -> Self | None:
        """Learn it from groups of images.

        Parameters
        ----------
        found, asked
            (n,) estimate from each image, and its group's parameter.
        groups
            (n,) number of each image's group.

        Returns
        -------
        None where there are fewer than `LEAST_GROUPS` groups of several images, or the estimates do not follow the
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
        """Return the parameter from the mean estimate of so many images."""
        signal = self.slope * self.variance
        noise = self.of_groups + self.of_images / count
        return self.asked + signal / (self.slope * signal + noise) * (mean - self.said)
