"""Places of the plots of a figure, from the number of letters of their texts.

The layouts of matplotlib measure every text several times, which takes longer than to draw the figure.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from particleforge.measurement.picture import SMALL_PT, TEXT_PT

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

_LETTER_PT = 0.64 * SMALL_PT
"""Width of a digit of a tick label."""
_TICK_PT, _LINE_PT, _EDGE_PT = 8.0, 1.4 * TEXT_PT, 9.0
"""From an axis to its tick labels; height of a line; room at the right and at the upper edge."""


def place(fig: Figure, below_pt: float = 0.0) -> None:
    """Place plots in a grid of equal cells, so that titles, labels and ticks have room.

    Parameters
    ----------
    fig
        The figure, with axes made by `subplots`.
    below_pt
        Room to leave at the lower edge, for a legend.
    """
    width, height = (72 * float(inches) for inches in fig.get_size_inches())
    rows, columns = fig.axes[0].get_gridspec().get_geometry()  # type: ignore[union-attr]
    wide, tall = width / columns, (height - below_pt) / rows
    numbers = [_TICK_PT + _LETTER_PT * _longest(axes.yaxis) for axes in fig.axes]
    left, below, above = max(numbers) + _LINE_PT, _TICK_PT + 2 * _LINE_PT, _LINE_PT + _EDGE_PT
    across, up = wide - left - _EDGE_PT, tall - below - above
    for axes, number, (row, column) in zip(fig.axes, numbers, product(range(rows), range(columns)), strict=True):
        corner = (column * wide + left, height - (row + 1) * tall + below)
        axes.set_position((corner[0] / width, corner[1] / height, across / width, up / height))
        axes.yaxis.set_label_coords(-number / across, 0.5)
        axes.xaxis.set_label_coords(0.5, -(_TICK_PT + _LINE_PT) / up)


def _longest(axis: Axis) -> int:
    """Letters of the longest tick label."""
    labels = [
        text
        for formatter, places in (
            (axis.get_major_formatter(), axis.get_majorticklocs()),
            (axis.get_minor_formatter(), axis.get_minorticklocs()),
        )
        for text in formatter.format_ticks(places.tolist())
    ]
    return max(map(len, labels), default=0)
