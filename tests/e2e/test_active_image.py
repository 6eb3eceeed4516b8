"""Panels act on the image that is active in napari, and bring it to the front."""

import numpy as np
import pytest
from PIL import Image as PillowImage
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from particleforge.store.annotated import read_annotated


@pytest.fixture
def three(tmp_path, discs):
    """Paths of three micrographs."""
    paths = [tmp_path / f"{name}.png" for name in "abc"]
    for number, path in enumerate(paths):
        PillowImage.fromarray(np.roll(discs[0], 5 * number, axis=0)).save(path)
    return [str(path) for path in paths]


def in_front(viewer):
    """The image that is seen."""
    images = [layer for layer in viewer.layers if type(layer).__name__ == "Image" and layer.visible]
    return images[-1].name


def click(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    QApplication.processEvents()


def pick(qtbot, chooser, text):
    """Choose by the keyboard, as a person does."""
    box = chooser.native
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Home)
    for _ in range(box.findText(text)):
        qtbot.keyClick(box, Qt.Key.Key_Down)
    QApplication.processEvents()


@pytest.mark.parametrize("name", ["Annotate", "Measure", "Aggregates"])
def test_a_panel_starts_with_the_image_in_front_and_follows(make_napari_viewer, open_panel, three, workspace, name):
    viewer = make_napari_viewer(show=True)
    viewer.open(three)
    panel = open_panel(viewer, name)
    chooser = panel.images.chooser if name == "Aggregates" else panel.image
    assert chooser.value is viewer.layers["c"]
    viewer.layers.selection.active = viewer.layers["b"]
    assert chooser.value is viewer.layers["b"]
    viewer.layers.remove("b")
    assert chooser.value is viewer.layers["c"]
    viewer.add_image(np.eye(50), name="d")
    assert chooser.value is viewer.layers["d"]
    viewer.add_points([[1, 1]])
    assert chooser.value is viewer.layers["d"]


def test_the_active_image_is_annotated_in_front(make_napari_viewer, open_panel, mouse, qtbot, three, workspace):
    viewer = make_napari_viewer(show=True)
    viewer.open(three)
    panel = open_panel(viewer, "Annotate")
    viewer.layers.selection.active = viewer.layers["a"]
    click(qtbot, panel.begin)
    assert panel.session.image is viewer.layers["a"] and in_front(viewer) == "a"
    assert "a" in panel.image.native.currentText()
    mouse(viewer).click((30, 30))
    qtbot.waitUntil(lambda: not panel.particles.busy, timeout=30_000)
    pick(qtbot, panel.image, "c")
    assert viewer.layers.selection.active is viewer.layers["c"] and in_front(viewer) == "c"
    assert panel.session is None and "a particles" not in viewer.layers
    viewer.close()
    (sample,) = read_annotated(workspace / "annotations")
    assert sample.name == "a" and sample.labels[30, 30] == 1


def test_a_preview_does_not_end_an_annotation(make_napari_viewer, open_panel, qtbot, three, workspace):
    viewer = make_napari_viewer(show=True)
    viewer.open(three)
    panel = open_panel(viewer, "Annotate")
    click(qtbot, panel.begin)
    viewer.add_image(np.eye(50), name="Preview", metadata={"particleforge": {"kind": "shapes"}})
    assert panel.session.image is viewer.layers["c"]
    viewer.layers.selection.active = viewer.layers["b"]
    assert panel.session is None and panel.image.value is viewer.layers["b"]
