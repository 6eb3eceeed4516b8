"""One measured image: what reports and tables are made of."""

from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt
import pandas as pd

from particleforge.measurement.rules import Rules


@dataclass(frozen=True, eq=False)
class Measured:
    """An image and its particles.

    Parameters
    ----------
    name
        What to call it.
    table
        Its particles as `measure_particles` gives them.
    labels
        (Y, X) ids of these particles; None where there is no single image to draw, such as for a stack.
    grey
        (Y, X) image; None where there is none.
    pixel_size_nm
        Side of the square pixels; None where unknown.
    rules
        Those the table was made with.
    rows
        Rows that show the specimen: first, and the one after the last; None: all.
    """

    name: str
    table: pd.DataFrame
    labels: npt.NDArray[Any] | None = None
    grey: npt.NDArray[Any] | None = None
    pixel_size_nm: float | None = None
    rules: Rules = field(default_factory=Rules)
    rows: tuple[int, int] | None = None
