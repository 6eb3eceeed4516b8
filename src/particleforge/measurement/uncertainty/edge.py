"""That particles at the border of an image are not seen whole."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from particleforge.measurement.borders.miles_lantuejoul import MilesLantuejoul
from particleforge.measurement.rules import Rules
from particleforge.measurement.statistics.figures import NAMES, size_figures
from particleforge.measurement.statistics.sizes import Sizes
from particleforge.measurement.uncertainty.component import SIZE_FIGURES, Component

if TYPE_CHECKING:
    import pandas as pd

_PLACES = [NAMES.index(("number", name)) for name in SIZE_FIGURES]


@dataclass(frozen=True)
class Edge(Component):
    r"""The effect of the border rule that remains in the sizes.

    A rule with the effect ``estimated`` leaves a bias. The compensation of Miles and Lantuéjoul, applied to the same
    particles, estimates it: :math:`\delta = \ln(\text{compensated} / \text{not compensated})`. As it is not corrected,
    it enters the budget as a rectangular distribution of half-width :math:`|\delta|` (JCGM 100:2008, 4.3.7).

    Parameters
    ----------
    rules
        The rules.
    standards
        Standard uncertainty of ln(figure) by figure, where the effect of the rule is estimated.
    """

    name: ClassVar[str] = "border"
    title: ClassVar[str] = "Border rule"
    evaluation: ClassVar[Literal["A", "B"]] = "B"

    rules: Rules
    standards: Mapping[str, float]

    @classmethod
    def of(cls, table: "pd.DataFrame", rules: Rules, shape: tuple[int, int] | None) -> "Edge":
        """Estimate the effect for an image of `shape` (Y, X) pixels that shows its specimen, from its particles.

        Parameters
        ----------
        table
            Its particles.
        rules
            The rules with which the table was made.
        shape
            None if it is not known.
        """
        if rules.border.effect != "estimated" or shape is None or (table["weight"] > 0).sum() < 2:
            return cls(rules, {})
        table = table[["weight", "touches_border", "box_height_px", "box_width_px", f"{rules.size}_px"]]
        columns = {str(name): table[name].to_numpy() for name in table}
        compensated = table.assign(weight=np.where(table["weight"] > 0, MilesLantuejoul().weights(columns, shape), 0))
        before, after = (size_figures(Sizes.of(one, rules, "px"), None)[_PLACES] for one in (table, compensated))
        apart = np.abs(np.log(after / before)) / math.sqrt(3)
        return cls(rules, dict(zip(SIZE_FIGURES, apart.tolist(), strict=True)))

    @classmethod
    def pooled(cls, rules: Rules, standards: Sequence[Mapping[str, float]], shares: Sequence[float]) -> "Edge":
        """Average the effects of images, which have the same sign, by how much each contributes."""
        if not standards or not all(standards):
            return cls(rules, {})
        average = {name: np.average([one[name] for one in standards], weights=shares) for name in SIZE_FIGURES}
        return cls(rules, {name: float(value) for name, value in average.items()})

    @property
    def method(self) -> str:
        """How it was evaluated, or why it is not included."""
        return self.rules.border.remains

    def standard(self, figure: str) -> float | None:
        """Return the standard uncertainty of ln(figure); 0 if the rule has no bias, and for the count."""
        if figure == "count" or self.rules.border.effect == "none":
            return 0.0
        return self.standards.get(figure)
