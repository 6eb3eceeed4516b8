"""A small drawing of a distribution."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QPointF, QSize
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

from particleforge.draws import Distribution
from particleforge.widgets.form.editor import curve_colour
from particleforge.widgets.form.numbers import shown

SAMPLES = 50_000
BINS = 40
ATOM_SHARE = 0.01
"""A number drawn more often than this is a stick, not part of the density."""


@dataclass(frozen=True, eq=False)
class Density:
    """What a drawn sample looks like.

    Parameters
    ----------
    low, high
        Ends of the axis.
    heights
        (bins,) density of what is continuous; its maximum is at most 1.
    atoms
        (numbers, 2) single numbers and the height of their sticks.
    summary
        Median and the range of most numbers, for a person.
    """

    low: float
    high: float
    heights: npt.NDArray[np.float64]
    atoms: npt.NDArray[np.float64]
    summary: str


def density(distribution: Distribution) -> Density:
    """Density of a distribution from a sample; the outermost half per cent is cut off."""
    drawn = distribution.sample(np.random.default_rng(0), SAMPLES)
    low, middle, high = np.quantile(drawn, [0.005, 0.5, 0.995])
    numbers, counts = np.unique(drawn, return_counts=True)
    often = counts > ATOM_SHARE * SAMPLES
    atoms = np.stack([numbers[often], counts[often] / SAMPLES], 1)
    rest = drawn[~np.isin(drawn, numbers[often])]
    summary = f"Median {shown(float(f'{middle:.3g}'))}, 99 % from {low:.3g} to {high:.3g}."
    if high <= low or not np.isfinite(high - low):
        return Density(low - 1, low + 1, np.zeros(BINS), np.array([[low, 1.0]]), summary)
    heights = np.histogram(rest, BINS, (low, high))[0].astype(float)
    smooth = np.convolve(np.pad(heights, 1, "edge"), [0.25, 0.5, 0.25], "valid")
    most = max(len(rest) / SAMPLES, atoms[:, 1].max(initial=0))
    smooth *= (len(rest) / SAMPLES / most) / max(smooth.max(), 1e-300)
    atoms[:, 1] /= most
    return Density(low, high, smooth, atoms, summary)


class Curve(QWidget):
    """The density of a distribution, computed when it is seen.

    Parameters
    ----------
    distribution
        Gives what to draw, or None where there is nothing valid.
    """

    def __init__(self, distribution: Callable[[], Distribution | None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._distribution = distribution
        self._density: Density | None = None
        self._fresh = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def outdate(self) -> None:
        """Draw anew: the distribution has changed."""
        self._fresh = False
        self.update()

    def sizeHint(self) -> QSize:
        """As high as a line of text with its frame."""
        return QSize(60, self.fontMetrics().height() + 8)

    def minimumSizeHint(self) -> QSize:
        """Narrower, but as high."""
        return QSize(36, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the density as an area, single numbers as sticks."""
        if not self._fresh:
            distribution = self._distribution()
            self._density = None if distribution is None else density(distribution)
            self.setToolTip("" if self._density is None else self._density.summary)
            self._fresh = True
        if self._density is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = curve_colour(self)
        self._paint(painter, self._density, colour)
        painter.end()

    def _paint(self, painter: QPainter, shape: Density, colour: QColor) -> None:
        left, bottom, width, height = 3.5, self.height() - 3.5, self.width() - 7.0, self.height() - 7.0
        line = self.palette().color(QPalette.ColorRole.WindowText)
        line.setAlphaF(0.35)
        painter.setPen(line)
        painter.drawLine(QPointF(left, bottom), QPointF(left + width, bottom))
        if shape.heights.any():
            edges = left + width * np.arange(BINS + 1) / BINS
            middles = [edges[0], *((edges[1:] + edges[:-1]) / 2), edges[-1]]
            tops = bottom - height * np.array([shape.heights[0], *shape.heights, shape.heights[-1]])
            outline = [QPointF(x, y) for x, y in zip(middles, tops, strict=True)]
            painter.setPen(colour)
            filled = QColor(colour)
            filled.setAlphaF(0.35)
            painter.setBrush(filled)
            painter.drawPolygon(QPolygonF([QPointF(left, bottom), *outline, QPointF(left + width, bottom)]))
        pen = painter.pen()
        pen.setColor(colour)
        pen.setWidthF(2.5)
        painter.setPen(pen)
        for number, share in shape.atoms:
            x = left + width * np.clip((number - shape.low) / (shape.high - shape.low), 0, 1)
            painter.drawLine(QPointF(x, bottom), QPointF(x, bottom - height * share))
