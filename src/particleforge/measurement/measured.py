"""One measured image, the basis of reports and tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from particleforge.mask import WholeMasks
from particleforge.measurement.outlines import Outlines
from particleforge.measurement.rules import Rules

if TYPE_CHECKING:
    import pandas as pd

    from particleforge.measurement.aggregation.degree import Aggregation
    from particleforge.measurement.nanomaterial import NanoShare
    from particleforge.measurement.uncertainty.uncertainty import Uncertainty


def _no_particles() -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame()


@dataclass(frozen=True, eq=False)
class Measured:
    """An image and its particles.

    Parameters
    ----------
    name
        Its name in reports and tables.
    table
        Its particles as returned by `measure_particles`; empty before they are measured.
    labels
        (Y, X) ids of these particles; None if there is no single image to draw, as for several images together.
    grey
        (Y, X) image; None if there is none.
    pixel_size_nm
        Side of the square pixels; None if unknown.
    rules
        The rules with which the table was made.
    rows
        Rows that show the specimen, as (first, last + 1); None: all.
    aggregation
        Its single and aggregated particles and its aggregates; None: not known.
    columns
        What is the same for all its particles and stands in the table, such as the ``frame`` of a plane of a stack.
    methods
        How it was measured, as a paragraph for a paper; empty if reports are to find out.
    uncertainty
        Uncertainty of its figures; None: reports know only that of sampling.
    nano
        Share of its particles that count for the definition of a nanomaterial; None: not known.
    grain_size
        Its ASTM grain size, as `grain_size` or `of_fields` returns it; None: it is not asked for.
    whole
        Masks of whole particles by id, including what others hide; empty: only what is visible is known.
    shape
        (Y, X) of its image where labels are not in memory.
    """

    name: str
    table: "pd.DataFrame" = field(default_factory=_no_particles)
    labels: npt.NDArray[Any] | None = None
    grey: npt.NDArray[Any] | None = None
    pixel_size_nm: float | None = None
    rules: Rules = field(default_factory=Rules)
    rows: tuple[int, int] | None = None
    aggregation: "Aggregation | None" = None
    columns: Mapping[str, str | float] = field(default_factory=dict)
    methods: str = ""
    uncertainty: "Uncertainty | None" = None
    nano: "NanoShare | None" = None
    grain_size: Mapping[str, Any] | None = None
    whole: WholeMasks = field(default_factory=dict)
    shape: tuple[int, int] | None = None

    @property
    def image_shape(self) -> tuple[int, int] | None:
        """(Y, X) of its image; None if there is no single one."""
        return self.shape if self.labels is None else (self.labels.shape[0], self.labels.shape[1])

    @property
    def seen(self) -> tuple[int, int] | None:
        """(Y, X) of the part of its image that shows the specimen; None if there is no single one."""
        if (shape := self.image_shape) is None:
            return None
        first, stop = self.rows or (0, shape[0])
        return stop - first, shape[1]

    @cached_property
    def outlines(self) -> Outlines:
        """Outlines of its particles as they are drawn; none without a single image."""
        from particleforge.measurement.picture import shown_outlines

        return {} if self.labels is None else shown_outlines(self.labels, self.whole)
