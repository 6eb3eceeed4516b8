"""A small drawing of a distribution."""

from collections.abc import Callable

import numpy as np
from qtpy.QtCore import QPointF, QSize
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

from particleforge.draws import Distribution
from particleforge.widgets.form.density import BINS, Density, density
from particleforge.widgets.form.editor import curve_colour


class Curve(QWidget):
    """The density of a distribution, computed when it is visible.

    Parameters
    ----------
    distribution
        Returns what to draw, or None if the values are invalid.
    """

    def __init__(self, distribution: Callable[[], Distribution | None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._distribution = distribution
        self._density: Density | None = None
        self._fresh = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def outdate(self) -> None:
        """Draw again: the distribution has changed."""
        self._fresh = False
        self.update()

    def sizeHint(self) -> QSize:
        """As high as a line of text with its frame."""
        return QSize(60, self.fontMetrics().height() + 8)

    def minimumSizeHint(self) -> QSize:
        """Narrower, but as high."""
        return QSize(36, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent | None) -> None:
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
            place = (number - shape.low) / (shape.high - shape.low) if shape.high > shape.low else 0.5
            x = left + width * min(max(place, 0), 1)
            painter.drawLine(QPointF(x, bottom), QPointF(x, bottom - height * share))
