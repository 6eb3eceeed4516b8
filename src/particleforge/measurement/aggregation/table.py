"""The table of aggregates: each measured as a whole, as if its particles were one."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.mask import WholeLabels
from particleforge.measurement.arrays import Floats, Ints
from particleforge.measurement.column import Column, in_nm
from particleforge.measurement.columns import GIVEN, IMAGE, SIZES, columns
from particleforge.measurement.descriptor import Particles, Values
from particleforge.measurement.overlapping import particles_of
from particleforge.measurement.rules import Rules
from particleforge.runs import Runs

if TYPE_CHECKING:
    import pandas as pd

OWN = (
    Column("aggregate", "count", "aggregate", "Its number in its image, as in the table of particles."),
    Column("particles", "count", "particles", "Number of its particles, as far as the image shows them."),
    Column(
        "coordination",
        "ratio",
        "mean coordination number",
        "Mean number of particles that a particle of it touches: twice the ratio of contacts to particles.",
    ),
    Column(
        "radius_of_gyration",
        "length",
        "radius of gyration",
        "Root of the mean squared distance of its projected area from the centroid of this area, in two dimensions; a "
        "disc of radius R has R/√2. It is not that of the body.",
        r"\sqrt{\frac{1}{A}\int\left|\mathbf{r}-\bar{\mathbf{r}}\right|^2\mathrm{d}A}",
    ),
    Column("volume", "volume", "volume", "Sum of the volumes of its particles."),
    Column("ved", "length", "equal-volume diameter", "Diameter of the sphere of that volume.", r"\sqrt[3]{6V/\pi}"),
    Column("mass", "mass", "mass", "Sum of the masses of its particles; empty if density or pixel size is unknown."),
)
"""Columns that only aggregates have, or that are sums over particles."""
_OF_PARTICLES = ("track", "class_probability")
"""Columns that concern a particle, not its image."""
_PIXEL = 1 / 6
"""Squared radius of gyration of a pixel."""


def aggregate_columns() -> dict[str, Column]:
    """All columns by name, in order, with every size; what is not in `OWN` is measured as that of a particle."""
    own, every = {column.name: column for column in OWN}, columns()
    sizes = [name for name in SIZES.names() if name not in own]
    first = ("aggregate", "particles", "coordination", "x", "y", "area", *sizes, "radius_of_gyration", "ved")
    return {name: own.get(name) or every[name] for name in (*first, "volume", "mass", "touches_border", "weight")}


def aggregate_names() -> list[str]:
    """Names of the columns of every ``aggregates.csv``, in order."""
    every = aggregate_columns().values()
    in_px, in_nm = [column.in_px for column in every], [column.in_nm for column in every if column.in_nm is not None]
    return [IMAGE.in_px, *in_px, *in_nm]


def arranged_aggregates(names: Iterable[str]) -> list[str]:
    """Return the names of a table of aggregates in order; unknown ones follow as they are."""
    identifying = sorted((IMAGE, *GIVEN), key=lambda column: column.place)
    given, known = dict.fromkeys(names), [*(column.in_px for column in identifying), *aggregate_names()]
    return [*(name for name in dict.fromkeys(known) if name in given), *(name for name in given if name not in known)]


def measure_aggregates(
    labels: npt.NDArray[Any] | WholeLabels,
    table: "pd.DataFrame",
    *,
    rules: Rules = Rules(),
    rows: tuple[int, int] | None = None,
    pixel_size_nm: float | None = None,
) -> "pd.DataFrame":
    """Measure the aggregates of an image.

    The border rule applies to each aggregate as a whole: one that touches the border is not complete, whichever of its
    particles does. Limits of size apply to particles only.

    Parameters
    ----------
    labels
        (Y, X) ids, 0 = background, with masks of whole particles as given to `measure_particles`; an aggregate is
        measured by what is visible of it.
    table
        Its particles, as `measure_particles` gives them; those left out of it are not part of any aggregate.
    rules
        The rules with which the table was made.
    rows
        Rows that show the specimen, as (first, last + 1); None: all.
    pixel_size_nm
        Side of the square pixels; None if unknown: there are no columns in nm then.

    Returns
    -------
    pandas.DataFrame
        One row per aggregate of two particles or more, with the columns of `aggregate_columns` after those that
        identify the image.

    Raises
    ------
    UserError
        If the table is not that of the labels.
    """
    import pandas as pd

    particles = particles_of(labels, rules, rows)
    if not table["label"].isin(particles.ids).all():
        raise UserError("The table has particles that are not in the labels.", "Give the table of these labels.")
    aligned = table.set_index("label").reindex(particles.ids)
    members = aligned["aggregate"].fillna(0).to_numpy(np.int64)
    ids, found = np.unique(np.append(0, members), return_inverse=True)
    found, number = found[1:].astype(np.int64), len(ids) - 1
    joined = _Joined(particles, found, number)
    values: dict[str, Values] = {"aggregate": ids[1:], **_sums(aligned, found, number)}
    values["radius_of_gyration_px"] = _radius_of_gyration(joined)
    every = aggregate_columns()
    values |= {column.in_px: joined[column.in_px] for column in every.values() if column not in OWN}
    if pixel_size_nm is not None:
        values |= in_nm(values, every.values(), pixel_size_nm)
    for column in (IMAGE, *GIVEN):
        if column.in_px in table and column.name not in _OF_PARTICLES:
            values[column.in_px] = table[column.in_px].to_numpy()[:1].repeat(number)
    return pd.DataFrame({name: values[name] for name in arranged_aggregates(values)})


def _sums(table: "pd.DataFrame", found: Ints, number: int) -> dict[str, Values]:
    """Columns that are sums over the particles of each aggregate."""

    def total(name: str) -> Floats:
        values = table[name].to_numpy(float)
        return np.bincount(found, np.where(found > 0, values, 0), number + 1)[1:].astype(float)

    count = np.bincount(found, minlength=number + 1)[1:]
    volume = total("volume_px3")
    sums = {
        "particles": count,
        "coordination": total("contacts") / count,
        "volume_px3": volume,
        "ved_px": np.cbrt(6 / np.pi * volume),
    }
    return sums | ({"mass_fg": total("mass_fg")} if "mass_fg" in table else {})


def _radius_of_gyration(particles: Particles) -> Floats:
    """(n,) of the area, from the ellipse of equal second moments of the pixel centres."""
    axes = particles["ellipse_major_px"] ** 2 + particles["ellipse_minor_px"] ** 2
    return np.asarray(np.sqrt(axes / 16 + _PIXEL), float)


class _Joined(Particles):
    """Aggregates as particles.

    Parameters
    ----------
    particles
        Those that form them.
    found
        (n,) number of the aggregate of each, from 1; 0: of none.
    number
        Number of aggregates.
    """

    def __init__(self, particles: Particles, found: Ints, number: int) -> None:
        runs, which = particles.runs, found[particles.runs.which] - 1
        chosen = which >= 0
        self._joined = Runs(
            np.arange(1, number + 1), which[chosen], runs.y[chosen], runs.first[chosen], runs.last[chosen]
        )
        labels: npt.NDArray[Any] = np.zeros_like(particles.labels, np.int32)
        labels.reshape(-1)[self._joined.places(labels.shape[1])] = np.repeat(which[chosen] + 1, self._joined.length)
        super().__init__(labels, particles.rules.replace(smallest_px=0, largest_px=None), particles.rows)
        self.frame = particles.frame
        self.labels = labels  # in several pieces where there are gaps

    @property
    def runs(self) -> Runs:
        """The pixels of all particles of each aggregate, which need not be in one piece."""
        return self._joined
