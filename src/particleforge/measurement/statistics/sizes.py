"""The sizes that make up a distribution."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from particleforge.measurement.arrays import Floats, Ints
from particleforge.measurement.rules import Rules

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Sizes:
    """Sizes of the particles that count, in ascending order.

    Parameters
    ----------
    values
        (n,) above zero, in ascending order.
    weights
        (n,) how much each counts, above zero.
    images
        (n,) number of the image of each particle.
    unit
        ``nm`` or ``px``.
    """

    values: Floats
    weights: Floats
    images: Ints
    unit: str

    @classmethod
    def of(cls, table: "pd.DataFrame", rules: Rules = Rules(), unit: str | None = None) -> "Sizes":
        """Take the sizes of a particle table; in nm if every particle has one, unless `unit` is given.

        The table needs the column of the size in `rules` and ``weight``; for several images, also ``image``.
        """
        column = f"{rules.size}_nm"
        if unit is None:
            unit = "nm" if column in table and not table[column].isna().any() else "px"
        counted = table[table["weight"] > 0].sort_values(f"{rules.size}_{unit}", kind="stable")
        images = np.unique(counted["image"].astype(str), return_inverse=True)[1] if "image" in counted else None
        return cls(
            counted[f"{rules.size}_{unit}"].to_numpy(float),
            counted["weight"].to_numpy(float),
            np.zeros(len(counted), np.int64) if images is None else np.asarray(images, np.int64),
            unit,
        )

    @classmethod
    def equal(cls, values: npt.ArrayLike, unit: str = "px") -> "Sizes":
        """Make sizes of one image that all have the weight 1."""
        ordered = np.sort(np.asarray(values, float))
        return cls(ordered, np.ones(len(ordered)), np.zeros(len(ordered), np.int64), unit)

    @classmethod
    def weighted(cls, values: Floats, weights: Floats, unit: str = "px") -> "Sizes":
        """Make sizes of one image from (n,) values in any order and (n,) weights above zero."""
        order = np.argsort(values, kind="stable")
        return cls(values[order], weights[order], np.zeros(len(order), np.int64), unit)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def image_count(self) -> int:
        """Number of images with particles that count."""
        return len(np.unique(self.images))
