"""The choices behind a size distribution, made before anything is counted and stated in every report."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import AliasChoices, Field, model_validator

from particleforge.burnt_in import picture_rows
from particleforge.measurement.arrays import Floats
from particleforge.measurement.borders.border import AnyBorder
from particleforge.measurement.borders.miles_lantuejoul import MilesLantuejoul
from particleforge.measurement.columns import SIZES
from particleforge.measurement.gap import DEFAULT, Gap
from particleforge.measurement.shape_class import ShapeRule
from particleforge.measurement.volumes.sphere import Sphere
from particleforge.measurement.volumes.volume import AnyVolume
from particleforge.params import Params

DENSEST_G_CM3 = 25.0
"""Osmium, the densest element, has 22.6."""


class Rules(Params):
    """Which particles count, how much, and what their size is."""

    border: AnyBorder = Field(
        MilesLantuejoul(), title="Particles at the edge", description="How particles at the border of the image count."
    )
    smallest_px: float = Field(
        0.0,
        ge=0,
        title="Smallest diameter [px]",
        description="Particles with a smaller equal-area diameter do not count.",
    )
    largest_px: float | None = Field(
        None,
        gt=0,
        title="Largest diameter [px]",
        description="Particles with a larger equal-area diameter do not count; empty: no limit.",
    )
    size: Annotated[str, SIZES] = Field(
        "ecd",
        title="Size is the",
        description="Diameter used as the size of a particle; ecd: of the circle of equal area, ved: of the sphere of "
        "equal volume.",
    )
    volume: AnyVolume = Field(
        Sphere(), title="Volume as of a", description="Body assumed behind a projection, for the volume."
    )
    gap: Gap = Field(
        DEFAULT,
        title="Gap within aggregates",
        description="Largest gap between neighbouring particles of one aggregate, for example '2 px' or '5 nm'; "
        "'0 px': only particles with adjacent pixels belong together.",
    )
    density_g_cm3: float | None = Field(
        None,
        gt=0,
        le=DENSEST_G_CM3,
        validation_alias=AliasChoices("density_g_cm3", "density"),
        title="Density [g/cm³]",
        description="Density of the material in g/cm3 (water 1, iron 7.9), for masses; empty: no masses.",
    )
    burnt_in: Literal["leave_out", "keep"] = Field(
        "leave_out",
        title="Burnt-in bars",
        description="Whether to leave out burnt-in data bars, and scale bars with their text.",
    )
    least_certainty: float = Field(
        0.3,
        ge=0,
        le=1,
        title="Least certainty",
        description="Images in which the detector is less sure of what it found, on a scale from 0 to 1, and blank "
        "images, are listed but not pooled; 0: all are pooled.",
    )
    shape: ShapeRule = Field(ShapeRule(), description="Criteria for the classes of outlines.")

    @model_validator(mode="after")
    def _ordered(self) -> "Rules":
        if self.largest_px is not None and self.largest_px < self.smallest_px:
            raise ValueError(f"largest_px {self.largest_px} is below smallest_px {self.smallest_px}")
        return self

    def weights(self, columns: Mapping[str, npt.NDArray[Any]], shape: tuple[int, int]) -> Floats:
        """(n,) how much each particle of an image of `shape` (Y, X) pixels counts; 0 where it does not."""
        small, large = self._beyond(columns)
        return np.where(small | large, 0.0, self.border.weights(columns, shape))

    def exclusions(self, columns: Mapping[str, npt.NDArray[Any]], shape: tuple[int, int]) -> npt.NDArray[np.str_]:
        """(n,) why each particle does not count; empty where it does. Arguments as for `weights`."""
        excluded = self.border.weights(columns, shape) == 0
        return np.select(
            [*self._beyond(columns), excluded], ["too small", "too large", self.border.exclusion], default=""
        )

    def _beyond(self, columns: Mapping[str, npt.NDArray[Any]]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Whether particles are smaller, and whether they are larger, than the limits."""
        size = columns["ecd_px"]
        return size < self.smallest_px, size > (np.inf if self.largest_px is None else self.largest_px)

    def within(self, columns: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[np.bool_]:
        """(n,) whether each particle is within the limits of size."""
        small, large = self._beyond(columns)
        return ~(small | large)

    def rows(self, grey: npt.NDArray[np.floating] | None) -> tuple[int, int] | None:
        """Rows of an image that show the specimen, as (first, last + 1); None: all."""
        if grey is None or self.burnt_in == "keep" or (rows := picture_rows(grey)) == (0, len(grey)):
            return None
        return rows

    @property
    def _pooled(self) -> str:
        return (
            f"not blank, and with a certainty of the detector of at least {self.least_certainty:g}, where it is known"
        )

    def sentences(self) -> dict[str, str]:
        """Every choice in words, for a report."""
        low = f"at least {self.smallest_px:g} px" if self.smallest_px else "no lower limit"
        high = "no upper limit" if self.largest_px is None else f"at most {self.largest_px:g} px"
        return {
            "Border": self.border.sentence,
            "Size limits": f"{low}, {high} (equal-area diameter)",
            "Size": SIZES[self.size].title,
            "Volume": f"{self.volume.kind} ({(type(self.volume).__doc__ or '').split(',')[0].lower()})",
            **({} if self.density_g_cm3 is None else {"Density": f"{self.density_g_cm3:g} g/cm³, the same for all"}),
            **({"Pooled images": self._pooled} if self.least_certainty else {}),
            "Aggregates": f"particles with a gap of at most {self.gap} in between form an aggregate",
        }
