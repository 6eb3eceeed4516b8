"""Images in groups: the sizes of each group, and how much two of them differ."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from particleforge.measurement.pooling import not_pooled
from particleforge.measurement.rules import Rules
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.statistics.compare import Comparison, compare
from particleforge.measurement.statistics.describe import Description, Estimate, describe
from particleforge.measurement.statistics.sizes import Sizes
from particleforge.measurement.uncertainty.assess import of_tables
from particleforge.measurement.uncertainty.several import Uncertainties
from particleforge.measurement.uncertainty.stored import StoredUncertainty

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class ImageTable:
    """The particles of one image.

    Parameters
    ----------
    name
        Of the image.
    table
        As `measure_particles` gives it.
    shape
        Height and width of the image in pixels.
    rules
        The rules with which the table was made.
    group
        What the image belongs to.
    rows
        Rows that show the specimen, as (first, last + 1); None: all.
    pixel_size_nm
        Side of the square pixels; None if unknown.
    finding
        How the particles were found: ``certainty`` of the detector, ``detection_error``, ``blank``, where known.
    """

    name: str
    table: "pd.DataFrame"
    shape: tuple[int, int]
    rules: Rules = field(default_factory=Rules)
    group: str = ""
    rows: tuple[int, int] | None = None
    pixel_size_nm: float | None = None
    finding: Mapping[str, Any] = field(default_factory=dict)

    @property
    def specimen(self) -> tuple[int, int]:
        """Height and width of the part that shows the specimen."""
        first, stop = self.rows or (0, self.shape[0])
        return stop - first, self.shape[1]


@dataclass(frozen=True, eq=False)
class Group:
    """The particles of several images together.

    Parameters
    ----------
    name
        Of the group.
    images
        Its images.
    rules
        The rules with which their tables were made.
    precision
        Precision of the intervals.
    calibration
        Uncertainty of their pixel sizes as text; None if it is not known.
    """

    name: str
    images: tuple[ImageTable, ...]
    rules: Rules
    precision: Precision = field(default_factory=Precision)
    calibration: str | None = None

    @cached_property
    def table(self) -> "pd.DataFrame":
        """The particles of all images that are pooled."""
        return together(self.pooled)

    @cached_property
    def not_pooled(self) -> dict[str, str]:
        """Reasons why images are not pooled, by name.

        An image without a scale is left out where others have one, as its sizes are in another unit.
        """
        reasons = not_pooled({one.name: one.finding for one in self.images}, self.rules)
        if any(one.pixel_size_nm is not None for one in self.images):
            unsized = [one.name for one in self.images if one.pixel_size_nm is None and one.name not in reasons]
            reasons |= dict.fromkeys(unsized, "its scale is not known")
        return reasons

    @property
    def pooled(self) -> list[ImageTable]:
        """The images that are pooled."""
        return [one for one in self.images if one.name not in self.not_pooled]

    @cached_property
    def sizes(self) -> Sizes:
        """The sizes of the particles that count."""
        return Sizes.of(self.table, self.rules)

    @cached_property
    def description(self) -> Description:
        """The size distribution, with intervals of sampling alone."""
        return describe(self.sizes, self.precision)

    @cached_property
    def uncertainty(self) -> StoredUncertainty:
        """What is known of the uncertainty of the figures apart from sampling."""
        tables = {one.name: (one.table, one.specimen, one.finding) for one in self.pooled}
        found = of_tables(tables, self.table, self.rules, self.description, self.calibration)
        return StoredUncertainty.of({"uncertainty": found.plain()})

    @cached_property
    def figures(self) -> dict[str, Estimate]:
        """Figures by number, with the intervals of all that is known."""
        return Uncertainties({self.name: self.uncertainty}).widened(self.name, self.description)

    def compared(self, reference: "Group") -> Comparison:
        """Compare the sizes with those of another group, as `compare_sizes` compares results.

        Raises
        ------
        UserError
            If one of them is empty, or their units differ.
        """
        found = compare(self.sizes, reference.sizes, self.precision.resamples)
        described = {one.name: one.description for one in (self, reference)}
        return uncertainties([self, reference]).of_deviations(found, described, (self.name, reference.name))


def uncertainties(groups: Iterable[Group]) -> Uncertainties:
    """Return what is known of the uncertainty of groups that are compared."""
    every = list(groups)
    calibrations = {
        one.name: (frozenset(size for image in one.pooled if (size := image.pixel_size_nm)), one.calibration)
        for one in every
        if one.calibration is not None
    }
    return Uncertainties({one.name: one.uncertainty for one in every}, calibrations)


def by_group(images: Iterable[ImageTable], otherwise: str = "no group") -> dict[str, tuple[ImageTable, ...]]:
    """Put images together by their group, in the order of the first image of each."""
    found: dict[str, list[ImageTable]] = {}
    for image in images:
        found.setdefault(image.group or otherwise, []).append(image)
    return {name: tuple(own) for name, own in found.items()}


def together(images: Sequence[ImageTable]) -> "pd.DataFrame":
    """Put the particles of images into one table; an empty one has the columns of every particle table."""
    import numpy as np
    import pandas as pd

    from particleforge.measurement.particles import measure_particles

    tables = [one.table for one in images if len(one.table)]
    if not tables:
        return images[0].table if images else measure_particles(np.zeros((1, 1), int))
    return pd.concat(tables, ignore_index=True)
