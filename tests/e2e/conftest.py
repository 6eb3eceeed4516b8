"""Real viewers, and hands that use them."""

from contextlib import suppress

import numpy as np
import pytest
import tifffile
from PIL import Image as PillowImage
from qtpy.QtCore import QEvent, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication

with suppress(ImportError):
    # Software OpenGL loads another LLVM than triton: importing triton after it, as training does, ends the process.
    import triton  # noqa: F401

LIMIT_MS = 600_000


@pytest.fixture(autouse=True)
def _clean(nothing_left):
    """Every test leaves nothing behind."""


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """An empty workspace."""
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path)
    return tmp_path / "ParticleForge"


class Mouse:
    """A mouse on the canvas of a viewer; places are (y, x) in px of its first image."""

    def __init__(self, viewer):
        self._viewer = viewer
        self._canvas = viewer.window._qt_viewer.canvas.native

    def click(self, place):
        """Press and release."""
        self.drag(place)

    def drag(self, *places):
        """Press at the first place, move through the others, release at the last."""
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        self._send(QEvent.Type.MouseMove, places[0], none, none)
        self._send(QEvent.Type.MouseButtonPress, places[0], left, left)
        for place in places[1:]:
            self._send(QEvent.Type.MouseMove, place, none, left)
        self._send(QEvent.Type.MouseButtonRelease, places[-1], left, none)

    def _send(self, kind, place, button, buttons):
        viewer, canvas = self._viewer, self._canvas
        camera = viewer.scene.camera if hasattr(viewer, "scene") else viewer.camera  # napari 0.9 and before
        world = np.asarray(viewer.layers[0].data_to_world(place))[-2:]
        away = (world - np.asarray(camera.center)[-2:]) * camera.zoom
        where = QPointF(canvas.width() / 2 + away[1], canvas.height() / 2 + away[0])
        event = QMouseEvent(kind, where, canvas.mapToGlobal(where), button, buttons, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(canvas, event)
        QApplication.processEvents()


@pytest.fixture
def open_panel():
    """A function that opens one of our panels in a viewer."""

    def open_panel(viewer, name):
        _, panel = viewer.window.add_plugin_dock_widget("napari-particleforge", name)
        QApplication.processEvents()
        return panel

    return open_panel


@pytest.fixture
def mouse(display):
    """A function that gives the mouse of a viewer."""
    return Mouse


@pytest.fixture
def work(qtbot):
    """A function that presses a panel's button and waits until its job is done; returns what the job returned."""

    def work(panel):
        with qtbot.waitSignal(panel.row.done, timeout=LIMIT_MS) as done:
            panel.row.button.click()
            assert panel.row.running, panel.row.message.text()
        return done.args[0]

    return work


@pytest.fixture
def discs():
    """Three bright discs on noise, and their labels; the first is around (30, 30)."""
    y, x = np.mgrid[:120, :150]
    labels = np.zeros((120, 150), np.uint8)
    for number, (row, column) in enumerate(((30, 30), (60, 90), (90, 40)), start=1):
        labels[(y - row) ** 2 + (x - column) ** 2 < 14**2] = number
    grey = np.random.default_rng(1).normal(90, 5, labels.shape) + 80.0 * (labels > 0)
    return grey.clip(0, 255).astype(np.uint8), labels


@pytest.fixture
def labelled(discs):
    """A function that writes X.png with labels of another program; returns both files."""

    def labelled(folder, suffix, name="X"):
        image, labels = folder / "images" / f"{name}.png", folder / "labels" / f"{name}{suffix}"
        for path in (image, labels):
            path.parent.mkdir(parents=True, exist_ok=True)
        PillowImage.fromarray(discs[0]).save(image)
        if suffix == ".png":
            PillowImage.fromarray(discs[1]).save(labels)
        else:
            tifffile.imwrite(labels, discs[1])
        return image, labels

    return labelled
