"""The size distribution follows the slider over the frames."""

import numpy as np
import pytest
from napari.components import ViewerModel

from particleforge.widgets.frame_sizes import FrameSizes

SIZES = {0: np.array([10.0, 11.0, 12.0]), 2: np.array([20.0])}


@pytest.fixture
def viewer():
    viewer = ViewerModel()
    viewer.add_image(np.zeros((4, 8, 8), np.uint8))
    viewer.dims.set_current_step(0, 0)
    return viewer


def test_it_shows_the_frame_of_the_slider(viewer, qtbot):
    view = FrameSizes(viewer, SIZES, "Diameter (nm)")
    qtbot.addWidget(view)
    qtbot.waitUntil(lambda: view.canvas is not None, timeout=60_000)
    drawn = {}
    for frame in range(4):
        viewer.dims.set_current_step(0, frame)
        (axes,) = view.canvas.figure.axes
        counts, _, _ = axes.patches[0].get_data()
        drawn[frame] = int(counts.sum()), axes.get_title(), axes.get_xlim(), axes.get_ylim()
    assert [count for count, *_ in drawn.values()] == [3, 0, 1, 0]
    assert drawn[0][1] == "frame 0: 3 particles, median 11"
    assert drawn[1][1] == "frame 1: 0 particles" and drawn[2][1] == "frame 2: 1 particle, median 20"
    assert len({limits for *_, limits, _ in drawn.values()}) == len({limits for *_, limits in drawn.values()}) == 1
