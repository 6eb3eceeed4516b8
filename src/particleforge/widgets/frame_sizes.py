"""The size distribution of the frame of a movie that napari shows."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from qtpy.QtGui import QColor

from particleforge.widgets.figure_view import FigureView
from particleforge.widgets.proxies import plain
from particleforge.wording import plural

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from napari import Viewer

HEIGHT_PX = 240
MOST_BINS = 40
COLOUR = "#3d8bff"


class FrameSizes(FigureView):
    """Follows the slider: sizes in the frame shown, above those of all frames on the same axes.

    Parameters
    ----------
    viewer
        Its first slider counts the frames.
    sizes
        Sizes of the particles by the number of the frame.
    title
        What the sizes are, with their unit.
    first
        Number of the frame where the slider begins.
    """

    def __init__(self, viewer: "Viewer", sizes: Mapping[int, npt.NDArray[Any]], title: str, first: int = 0) -> None:
        super().__init__(HEIGHT_PX)
        self._first = first
        self._viewer, self._sizes, self._title = plain(viewer), sizes, title
        every = np.concatenate([np.zeros(0), *sizes.values()])
        self._edges = _edges(every)
        self._mean = np.histogram(every, self._edges)[0] / max(len(sizes), 1)
        self._most = max([1, *(np.histogram(one, self._edges)[0].max() for one in sizes.values())])
        self._viewer.dims.events.current_step.connect(self._follow)
        self._shown = -1
        self._follow()

    @property
    def line(self) -> str:
        """What is shown, in words."""
        found = self._of_frame()
        median = f", median {np.median(found):.4g}" if found.size else ""
        return f"frame {self._shown}: {plural(found.size, 'particle')}{median}"

    def _follow(self) -> None:
        frame = self._first + int(self._viewer.dims.current_step[0])
        if frame != self._shown:
            self._shown = frame
            self.draw()

    def _of_frame(self) -> npt.NDArray[Any]:
        return np.asarray(self._sizes.get(self._shown, np.zeros(0)))

    def _draw(self, figure: "Figure", ink: QColor) -> None:
        axes = figure.subplots()
        axes.set_facecolor("none")
        axes.stairs(np.histogram(self._of_frame(), self._edges)[0], self._edges, fill=True, color=COLOUR)
        axes.stairs(self._mean, self._edges, color=ink.name(), label="mean of all frames")
        axes.set_title(self.line, color=ink.name(), fontsize="small")
        axes.set_xlabel(self._title, color=ink.name())
        axes.set_ylabel("Particles", color=ink.name())
        axes.tick_params(colors=ink.name())
        axes.spines[:].set_color(ink.name())
        axes.set_ylim(0, 1.05 * self._most)
        axes.legend(frameon=False, labelcolor=ink.name(), fontsize="small")


def _edges(sizes: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Bins that are the same for all frames."""
    if not sizes.size:
        return np.linspace(0.0, 1.0, 3)
    edges = np.histogram_bin_edges(sizes, "auto")
    return edges if len(edges) <= MOST_BINS else np.linspace(edges[0], edges[-1], MOST_BINS + 1)
