"""The sizes a distribution is made of."""

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
    """Sizes of the particles that count, rising.

    Parameters
    ----------
    values
        (n,) above zero, rising.
    weights
        (n,) how much each counts, above zero.
    images
        (n,) number of the image each is from.
    unit
        ``nm`` or ``px``.
    """

    values: Floats
    weights: Floats
    images: Ints
    unit: str

    @classmethod
    def of(cls, table: "pd.DataFrame", rules: Rules = Rules(), unit: str | None = None) -> "Sizes":
        """Sizes of a particle table; in nm where every particle has one, unless `unit` says otherwise.

        The table needs the columns of the size that `rules` names and ``weight``; ``image`` where there are several.
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
        """Sizes that all count 1, of one image."""
        ordered = np.sort(np.asarray(values, float))
        return cls(ordered, np.ones(len(ordered)), np.zeros(len(ordered), np.int64), unit)

    @classmethod
    def weighted(cls, values: Floats, weights: Floats, unit: str = "px") -> "Sizes":
        """Sizes of one image in any order, (n,) with (n,) weights above zero."""
        order = np.argsort(values, kind="stable")
        return cls(values[order], weights[order], np.zeros(len(order), np.int64), unit)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def image_count(self) -> int:
        """Images with particles that count."""
        return len(np.unique(self.images))

    def taken(self, times: Ints) -> "Sizes":
        """Each particle so many `times`; (n,) whole numbers."""
        chosen = np.repeat(np.arange(len(self)), times)
        return Sizes(self.values[chosen], self.weights[chosen], self.images[chosen], self.unit)
