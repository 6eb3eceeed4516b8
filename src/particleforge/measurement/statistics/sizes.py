"""The sizes that make up a distribution."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
        counted = np.flatnonzero(table["weight"] > 0)
        values = table[f"{rules.size}_{unit}"].to_numpy(float)[counted]
        order = np.argsort(values, kind="stable")
        counted = counted[order]
        images = numbered(table["image"])[0][counted] if "image" in table else np.zeros(len(counted), np.int64)
        return cls(values[order], table["weight"].to_numpy(float)[counted], images, unit)

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


def numbered(names: "pd.Series[Any]") -> tuple[Ints, list[str]]:
    """(n,) number of each name, in the order of the alphabet, and the names."""
    import pandas as pd

    codes, found = pd.factorize(names, use_na_sentinel=False)
    text = [str(name) for name in found]
    place = np.empty(len(text), np.int64)
    place[np.argsort(text)] = np.arange(len(text))
    return place[codes], sorted(text)
