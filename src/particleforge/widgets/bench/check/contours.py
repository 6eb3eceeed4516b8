"""Contours of particles in the colours of what is known of them."""

from collections import deque
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap
from napari.utils.colormaps.standardize_color import transform_color
from qtpy.QtCore import QObject

from particleforge.annotate.edit import Window
from particleforge.widgets.bench.check.history import History
from particleforge.widgets.bench.check.kinds import FAINT, INSIDE, SHOWN, USUAL
from particleforge.widgets.bench.check.rims import drawn
from particleforge.widgets.bench.colours import CONTOUR_PX
from particleforge.widgets.qt import single_shot

Values = Mapping[int, tuple[int, int]]
"""Value of the contour and of the inside of particles, by id."""
FAINT_ALPHA, INSIDE_ALPHA = 0.5, 0.15
MOST_SINGLE = 100
"""If more particles than this change their state, the whole picture is drawn again, band by band."""
BAND_PX = 2_000_000


class Contours(QObject):
    """Draws contours into a layer of its own, piece by piece: other colours in the layer of the particles take seconds.

    Parameters
    ----------
    history
        Whose particles are drawn.
    layer
        What they are drawn into, with the picture of now.
    values
        With which that was drawn.
    """

    def __init__(self, history: History, layer: Labels, values: Values) -> None:
        super().__init__()
        self._history, self.layer, self._values = history, layer, dict(values)
        self._bands: deque[Window] = deque()
        self._timer = single_shot(self, 0, self._draw_band)

    def show(self, values: Values) -> None:
        """Draw particles whose state has changed; those without a value are found and counted."""
        keys = {*self._values, *values}
        changed = [key for key in keys if values.get(key, USUAL) != self._values.get(key, USUAL)]
        self._values = dict(values)
        places = self._history.places
        there = [key for key in changed if key in places]
        if len(there) > MOST_SINGLE:
            self._draw_all()
            return
        for key in there:
            self.draw(places.window(key))

    def draw(self, window: Window) -> None:
        """Draw a part of the picture again, as after an edit in it."""
        rows, columns = (
            slice(max(axis.start - CONTOUR_PX, 0), min(axis.stop + CONTOUR_PX, side))
            for axis, side in zip(window, self.layer.data.shape, strict=True)
        )
        new = drawn(self._history.data, (rows, columns), CONTOUR_PX, self._values, USUAL[0])
        down, across = np.nonzero(new != np.asarray(self.layer.data)[rows, columns])
        self.layer.data_setitem((down + rows.start, across + columns.start), new[down, across])

    def release(self) -> None:
        """Draw no more."""
        self._timer.stop()
        self._bands.clear()

    def _draw_all(self) -> None:
        """Draw the whole picture in bands, so that the window stays alive."""
        height, width = self.layer.data.shape
        step = max(1, BAND_PX // width)
        self._bands = deque((slice(top, min(top + step, height)), slice(0, width)) for top in range(0, height, step))
        self._draw_band()

    def _draw_band(self) -> None:
        if self._bands:
            self.draw(self._bands.popleft())
            self._timer.start()


def picture(labels: npt.NDArray[np.uint32], values: Values) -> npt.NDArray[np.uint8]:
    """(Y, X) values of the contours of a label image."""
    return drawn(labels, (slice(0, labels.shape[0]), slice(0, labels.shape[1])), CONTOUR_PX, values, USUAL[0])


def colours() -> DirectLabelColormap:
    """Colours of the values of contours."""
    chosen: dict[int | None, npt.NDArray[np.float64]] = {None: np.zeros(4), 0: np.zeros(4)}
    for number, state in enumerate(SHOWN, start=1):
        for more, alpha in ((0, 1.0), (FAINT, FAINT_ALPHA), (INSIDE, INSIDE_ALPHA)):
            rgba = np.array(transform_color(state.colour)[0], float)
            rgba[3] = alpha
            chosen[number + more] = rgba
    return DirectLabelColormap(color_dict=chosen)
