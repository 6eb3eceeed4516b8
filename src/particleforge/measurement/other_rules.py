"""Apply other rules to particles that were measured before, without measuring them again."""

from collections.abc import Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.measurement.column import in_nm
from particleforge.measurement.columns import DESCRIPTORS, arranged, by_table_name, columns, givers
from particleforge.measurement.descriptor import Particles, Values
from particleforge.measurement.given_classes import CLASS, SURENESS
from particleforge.measurement.rules import Rules

if TYPE_CHECKING:
    import pandas as pd

_LIMITS = ("smallest_px", "largest_px")


def with_rules(
    table: "pd.DataFrame",
    shape: tuple[int, int],
    rules: Rules,
    *,
    rows: tuple[int, int] | None = None,
    pixel_size_nm: float | None = None,
) -> "pd.DataFrame":
    """Return the particle table of an image by other rules: weights, reasons, volumes, masses and classes.

    It equals the table that measuring again gives, unless `needs_pixels` names a rule. Undeclared columns, and
    those of descriptors that do not depend on rules, are kept.

    Parameters
    ----------
    table
        As returned by `measure_particles`, of all particles of one image.
    shape
        Height and width of the image in pixels.
    rules
        The rules to apply.
    rows
        Rows that show the specimen, as given to `measure_particles`.
    pixel_size_nm
        Side of the square pixels; None if unknown.

    Raises
    ------
    UserError
        If the table is of an earlier version and lacks a column that the rules need.

    Examples
    --------
    >>> import numpy as np
    >>> from particleforge.measurement.other_rules import with_rules
    >>> from particleforge.measurement.particles import measure_particles
    >>> from particleforge.measurement.rules import Rules
    >>> labels = np.pad(np.ones((4, 6), int), 3)
    >>> table = measure_particles(labels)
    >>> with_rules(table, labels.shape, Rules(smallest_px=10))[["label", "weight", "excluded"]]
       label  weight   excluded
    0      1     0.0  too small
    """
    stale = [name for name in _stale() if name != CLASS or SURENESS not in table]  # models give classes once
    kept = {str(name): table[name].to_numpy() for name in table if name in givers() and name not in stale}
    particles = _Tabulated(table["label"].to_numpy(), kept, shape, rules, rows, pixel_size_nm)
    computed = {name: particles[name] for name in stale if name in particles}
    if pixel_size_nm is not None:
        computed |= in_nm(computed, columns().values(), pixel_size_nm)
    text = [name for name, column in by_table_name().items() if column.dimension == "text" and name in computed]
    gone = [name for name in table if name in stale and name not in computed]
    changed = table.drop(columns=gone).assign(**computed).astype(dict.fromkeys(text, object))
    others = [name for name in changed if name not in by_table_name()]
    return changed[[*others, *arranged(changed.columns.drop(others))]]


def needs_pixels(table: "pd.DataFrame", before: Rules, rules: Rules) -> tuple[str, ...]:
    """Name the fields of rules that `with_rules` cannot apply, because columns depend on them through the pixels.

    These are ``burnt_in``, as it moves the border of the image; ``gap``; and the limits of size, if they divide or
    join aggregates. Everything else in the table still follows the rules then.

    Parameters
    ----------
    table
        As returned by `measure_particles`, with the rules `before`.
    before
        The rules with which it was made.
    rules
        The rules to apply.

    Examples
    --------
    >>> import numpy as np
    >>> from particleforge.measurement.other_rules import needs_pixels
    >>> from particleforge.measurement.particles import measure_particles
    >>> from particleforge.measurement.rules import Rules
    >>> table = measure_particles(np.pad(np.array([[1, 2]]), 3))
    >>> needs_pixels(table, Rules(), Rules(border="keep_all", gap="2 px"))
    ('gap',)
    """
    named = dict.fromkeys(chain.from_iterable(getattr(one, "PIXEL_RULES", ()) for one in _descriptors()))
    changed = [name for name in named if getattr(before, name) != getattr(rules, name)]
    if not _aggregates_change(table, before, rules):
        changed = [name for name in changed if name not in _LIMITS]
    return tuple(changed)


def _aggregates_change(table: "pd.DataFrame", before: Rules, rules: Rules) -> bool:
    """Whether particles that may touch others come within the limits of size, or leave them."""
    if "contacts" not in table:
        return False
    sizes = {"ecd_px": table["ecd_px"].to_numpy(float)}
    were, are = before.within(sizes), rules.within(sizes)
    return bool((are & ~were).any() or (were & ~are & (table["contacts"].to_numpy() > 0)).any())


def _descriptors() -> list[Any]:
    return [DESCRIPTORS.get(name) for name in dict.fromkeys(givers().values())]


def _stale() -> list[str]:
    """Columns in px that depend on the rules and on other columns only."""
    return [column.in_px for one in _descriptors() if hasattr(one, "RULES") for column in one.COLUMNS]


class _Tabulated(Particles):
    """Particles of which only a table is known; what is not in it is computed from what is.

    Parameters
    ----------
    ids
        (n,) labels.
    values
        (n,) columns in px, by name with unit.
    shape, rules, rows, pixel_size_nm
        As for `with_rules`.
    """

    def __init__(
        self,
        ids: Values,
        values: Mapping[str, Values],
        shape: tuple[int, int],
        rules: Rules,
        rows: tuple[int, int] | None,
        pixel_size_nm: float | None,
    ) -> None:
        nothing: npt.NDArray[Any] = np.broadcast_to(np.uint8(0), shape)
        super().__init__(nothing, rules, rows, pixel_size_nm=pixel_size_nm)
        self._ids, self._values = ids, dict(values)

    @property
    def ids(self) -> Values:
        """(n,) labels."""
        return self._ids

    def _compute(self, descriptor: str) -> None:
        if not hasattr(DESCRIPTORS.get(descriptor), "RULES"):
            raise UserError(
                f"The table of particles lacks columns of {descriptor!r}, which the rules need.",
                "Measure the particles again: the table is of an earlier version.",
            )
        super()._compute(descriptor)
