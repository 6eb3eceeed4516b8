"""Contours of particles in the colours of what is known of them."""

from collections.abc import Mapping

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap
from napari.utils.colormaps.standardize_color import transform_color

from particleforge.widgets.bench.check.history import History
from particleforge.widgets.bench.check.places import Window
from particleforge.widgets.bench.check.rims import drawn
from particleforge.widgets.bench.colours import CONTOUR_PX, State

Values = Mapping[int, tuple[int, int]]
"""Value of the contour and of the inside of particles, by id."""
SHOWN = (State.FOUND, State.SURE, State.DOUBTFUL, State.NOT_COUNTED, State.SELECTED)
FAINT, INSIDE = 10, 20
"""Added to the value of a state for one that is not counted, and for the inside of a particle."""
FAINT_ALPHA, INSIDE_ALPHA = 0.5, 0.15
MOST_SINGLE = 100
"""If more particles than this change their state, the whole picture is drawn again."""


def value_of(state: State, counted: bool = True) -> tuple[int, int]:
    """Value of the contour and of the inside of a particle."""
    number = SHOWN.index(state) + 1
    return number if counted else number + FAINT, number + INSIDE if state is State.SELECTED else 0


USUAL = value_of(State.FOUND)


class Contours:
    """Draws contours into a layer of its own, piece by piece: other colours in the layer of the particles take seconds.

    Parameters
    ----------
    history
        Whose particles are drawn.
    layer
        What they are drawn into.
    """

    def __init__(self, history: History, layer: Labels) -> None:
        self._history, self.layer = history, layer
        self._values: dict[int, tuple[int, int]] = {}

    def show(self, values: Values) -> None:
        """Draw particles whose state has changed; those without a value are found and counted."""
        keys = {*self._values, *values}
        changed = [key for key in keys if values.get(key, USUAL) != self._values.get(key, USUAL)]
        self._values = dict(values)
        places = self._history.places
        there = [key for key in changed if key in places]
        if len(there) > MOST_SINGLE:
            self.layer.data = self._drawn((slice(0, self.layer.data.shape[0]), slice(0, self.layer.data.shape[1])))
            return
        for key in there:
            self.draw(places.window(key))

    def draw(self, window: Window) -> None:
        """Draw a part of the picture again, as after an edit in it."""
        rows, columns = (
            slice(max(axis.start - CONTOUR_PX, 0), min(axis.stop + CONTOUR_PX, side))
            for axis, side in zip(window, self.layer.data.shape, strict=True)
        )
        new, old = self._drawn((rows, columns)), np.asarray(self.layer.data)[rows, columns]
        down, across = np.nonzero(new != old)
        self.layer.data_setitem((down + rows.start, across + columns.start), new[down, across])

    def _drawn(self, window: Window) -> np.ndarray:
        return drawn(self._history.data, window, CONTOUR_PX, self._values, USUAL[0])


def colours() -> DirectLabelColormap:
    """Colours of the values of contours."""
    chosen: dict[int | None, np.ndarray] = {None: np.zeros(4), 0: np.zeros(4)}
    for number, state in enumerate(SHOWN, start=1):
        for more, alpha in ((0, 1.0), (FAINT, FAINT_ALPHA), (INSIDE, INSIDE_ALPHA)):
            rgba = transform_color(state.colour)[0].copy()
            rgba[3] = alpha
            chosen[number + more] = rgba
    return DirectLabelColormap(color_dict=chosen)
