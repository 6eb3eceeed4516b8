"""Holding Space moves the image, whatever tool of the Annotate panel is in use."""

import numpy as np
import pytest
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QApplication


def space(viewer, kind):
    canvas = viewer.window._qt_window.focusWidget()  # where a key goes that is pressed now
    assert canvas is viewer.window._qt_viewer.canvas.native
    for repeats in (False, True) if kind == QEvent.Type.KeyPress else (False,):
        event = QKeyEvent(kind, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier, " ", repeats)
        QApplication.sendEvent(canvas, event)
    QApplication.processEvents()


@pytest.mark.parametrize("tool", ["outline", "erase", "brush", "strokes"])
def test_space_pans_and_the_tool_comes_back(make_napari_viewer, open_panel, mouse, qtbot, discs, workspace, tool):
    viewer = make_napari_viewer(show=True)
    viewer.add_image(discs[0], name="a")
    panel = open_panel(viewer, "Annotate")
    panel.begin.click()
    QApplication.processEvents()
    particles, strokes = panel.session.particles, panel.session.strokes
    particles.data_setitem((np.array([60]), np.array([90])), 1)
    before = particles.data.copy()
    button = panel.background.brush if tool == "strokes" else panel.particles.buttons[tool]
    if not button.isChecked():
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    camera = viewer.scene.camera if hasattr(viewer, "scene") else viewer.camera
    centre = np.array(camera.center)

    space(viewer, QEvent.Type.KeyPress)
    mouse(viewer).drag((60, 90), (62, 92), (70, 100))
    space(viewer, QEvent.Type.KeyRelease)
    assert not panel.particles.busy and not np.allclose(camera.center, centre)
    np.testing.assert_array_equal(particles.data, before)
    assert not strokes.data.any() and button.isChecked()

    centre = np.array(camera.center)
    mouse(viewer).click((30, 30) if tool == "outline" else (60, 90))
    qtbot.waitUntil(lambda: not panel.particles.busy, timeout=60_000)
    changed = strokes.data.any() if tool == "strokes" else (particles.data != before).any()
    assert changed and np.allclose(camera.center, centre)
