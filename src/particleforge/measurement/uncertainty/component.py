"""What contributes to the uncertainty of a figure."""

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

LENGTHS = ("geometric_mean", "d10", "d50", "d90")
"""Figures by number that are lengths."""
SIZE_FIGURES = ("geometric_mean", "gsd", "d10", "d50", "d90")
FIGURES = (*SIZE_FIGURES, "count")
"""Figures that have a budget; ``count`` is the number of particles in the image."""


class Component(ABC):
    """A component of the uncertainty budget.

    Parameters
    ----------
    name
        Its name in summaries.
    title
        Its name in reports.
    evaluation
        ``A`` if it is evaluated by statistics of the sample itself, otherwise ``B`` (JCGM 100:2008, 3.3.5).
    """

    name: ClassVar[str]
    title: ClassVar[str]
    evaluation: ClassVar[Literal["A", "B"]]

    @property
    @abstractmethod
    def method(self) -> str:
        """How it was evaluated, or why it is not included, as a phrase for reports."""

    @abstractmethod
    def standard(self, figure: str) -> float | None:
        """Return the standard uncertainty of ln(figure); None if it is not known, 0 if there is none."""
