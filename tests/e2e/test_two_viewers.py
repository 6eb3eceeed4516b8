"""Two viewers annotate the same image: the second is told, and nothing is lost."""

import numpy as np
import pytest
from PIL import Image as PillowImage
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from particleforge.store.annotated import read_annotated
from particleforge.store.labels import read_labels


def ids(labels):
    return np.unique(labels).tolist()


@pytest.fixture
def two(make_napari_viewer, open_panel, qtbot, discs, tmp_path, workspace):
    """Two viewers in which the same image is annotated; the first has saved particle 1, the second has particle 2."""
    PillowImage.fromarray(discs[0]).save(tmp_path / "a.png")
    viewers = [make_napari_viewer(show=True) for _ in range(2)]
    for viewer in viewers:
        viewer.open(tmp_path / "a.png")
    panels = [open_panel(viewer, "Annotate") for viewer in viewers]
    for panel in panels:
        panel.begin.click()
    panels[0].session.particles.data_setitem((np.array([10]), np.array([10])), 1)
    qtbot.waitUntil(lambda: panels[0].kept.text().startswith("Saved"), timeout=10_000)
    panels[1].session.particles.data_setitem((np.array([20]), np.array([10])), 2)
    qtbot.waitUntil(lambda: panels[1].question.isVisible(), timeout=10_000)
    assert "was changed by another window" in panels[1].message.text()
    return viewers, panels


def answer(qtbot, panel, text):
    qtbot.mouseClick(panel.question.buttons[text], Qt.MouseButton.LeftButton)
    QApplication.processEvents()


def test_what_is_saved_can_be_loaded(two, qtbot, workspace):
    _, panels = two
    assert ids(read_annotated(workspace / "annotations")[0].labels) == [0, 1]
    answer(qtbot, panels[1], "Load what is saved")
    assert ids(panels[1].session.particles.data) == [0, 1]
    assert ids(read_labels(workspace / "rescued" / "a-1" / "labels" / "a.tif")) == [0, 2]


def test_or_replaced(two, qtbot, workspace):
    _, panels = two
    answer(qtbot, panels[1], "Keep mine")
    saved = workspace / "annotations" / "labels" / "a.tif"
    qtbot.waitUntil(lambda: ids(read_labels(saved)) == [0, 2], timeout=10_000)
    assert ids(read_labels(workspace / "annotations" / "originals" / "labels" / "a.tif")) == [0, 1]
    panels[0].session.particles.data_setitem((np.array([50]), np.array([10])), 5)
    qtbot.waitUntil(lambda: panels[0].question.isVisible(), timeout=10_000)
    assert ids(read_labels(saved)) == [0, 2]


def test_without_an_answer_both_are_on_disk_in_the_end(two, qtbot, workspace):
    viewers, _ = two
    for viewer in viewers:
        viewer.close()
    assert ids(read_annotated(workspace / "annotations")[0].labels) == [0, 1]
    assert ids(read_labels(workspace / "rescued" / "a-1" / "labels" / "a.tif")) == [0, 2]
