"""Keys of the bench, pressed on the canvas, in the dock, and while typing."""

from collections import Counter
from functools import partial

import numpy as np
import pytest
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QCheckBox, QLabel, QLineEdit, QSpinBox, QTableWidget, QVBoxLayout, QWidget

from particleforge.widgets.bench.keys import KEYS, OWN, Keys
from particleforge.widgets.bench.keys_overlay import KeysOverlay

NAMES = [key.name for key in KEYS if key.name not in OWN]
PRESSES = [(key.name, text) for key in KEYS if key.name not in OWN for text in key.keys]
CODES = {"PageUp": Qt.Key.Key_PageUp, "PageDown": Qt.Key.Key_PageDown, "Delete": Qt.Key.Key_Delete}


class Dock(QWidget):
    """Some of what the bench has in it."""

    def __init__(self):
        super().__init__()
        box = QVBoxLayout(self)
        self.field, self.number, self.tick, self.table = QLineEdit(), QSpinBox(), QCheckBox("Tick"), QTableWidget(3, 3)
        for part in (self.field, self.number, self.tick, self.table):
            box.addWidget(part)


class Bench:
    """A viewer with keys, and what they called."""

    def __init__(self, viewer):
        self.viewer, self.called, self.dock = viewer, Counter(), Dock()
        viewer.window.add_dock_widget(self.dock, name="bench")
        self.window = viewer.window._qt_window
        self.canvas = viewer.window._qt_viewer.canvas.native
        self.keys = Keys(viewer, self.dock, {name: partial(self.call, name) for name in NAMES})
        self.keys.take()
        self.window.activateWindow()
        QTest.qWaitForWindowActive(self.window)

    def call(self, name):
        self.called[name] += 1

    def press(self, widget, text):
        widget.setFocus()
        *modifiers, key = text.split("+")
        held = Qt.KeyboardModifier.NoModifier
        for modifier in modifiers:
            held |= {"Ctrl": Qt.KeyboardModifier.ControlModifier, "Shift": Qt.KeyboardModifier.ShiftModifier}[modifier]
        code = CODES.get(key) or {"Space": Qt.Key.Key_Space, "?": Qt.Key.Key_Question}.get(key)
        QTest.keyClick(widget, code or getattr(Qt.Key, f"Key_{key}"), held)
        QApplication.processEvents()


@pytest.fixture
def bench(make_napari_viewer):
    viewer = make_napari_viewer(show=True)
    viewer.add_image(np.zeros((40, 40), np.float32), name="image")
    viewer.add_labels(np.zeros((40, 40), np.int32), name="labels")
    made = Bench(viewer)
    yield made
    made.keys.release()
    vars(made).clear()  # pytest holds it


@pytest.mark.parametrize("active", ["image", "labels", ""])
def test_every_key_works_on_the_canvas(bench, active):
    bench.viewer.layers.selection.active = bench.viewer.layers[active] if active else None
    for name, text in PRESSES:
        bench.called.clear()
        bench.press(bench.canvas, text)
        assert bench.called == {name: 1}, text
    labels = bench.viewer.layers["labels"]
    assert labels.selected_label == 1 and labels.mode == "pan_zoom"  # M, X, B and F did nothing of napari's


@pytest.mark.parametrize("part", ["tick", "table"])
def test_every_key_works_in_the_dock(bench, part):
    for name, text in PRESSES:
        bench.called.clear()
        bench.press(getattr(bench.dock, part), text)
        assert bench.called == {name: 1}, text


@pytest.mark.parametrize("part", ["field", "number"])
def test_no_key_acts_while_somebody_types(bench, part):
    for _, text in [*PRESSES, ("", "Space"), ("", "?")]:
        bench.press(getattr(bench.dock, part), text)
    assert not bench.called and bench.dock.findChild(KeysOverlay) is None
    if part == "field":
        assert bench.dock.field.text().lower().endswith("nvf ?")
    bench.press(bench.dock.table, "O")
    assert bench.called == {"outline": 1}


def test_layers_of_other_kinds_keep_their_keys(bench):
    points = bench.viewer.add_points(np.array([[5.0, 5.0], [9.0, 9.0]]))
    points.selected_data = {0}
    bench.press(bench.canvas, "Delete")
    assert len(points.data) == 1 and not bench.called
    bench.press(bench.canvas, "O")
    assert bench.called == {"outline": 1}


def test_released_keys_are_naparis_again(bench):
    labels = bench.viewer.layers["labels"]
    bench.viewer.layers.selection.active = labels
    own = []
    labels.bind_key("K", own.append)
    bench.keys.release()
    for _, text in PRESSES:
        if text != "V":
            bench.press(bench.canvas, text)
            bench.press(bench.dock.table, text)
    bench.press(bench.canvas, "K")
    assert not bench.called and own == [labels] and labels.mode == "fill"  # by F
    bench.keys.take()
    bench.press(bench.canvas, "F")
    assert bench.called == {"fill": 1}


def test_keys_without_an_action_stay_naparis(make_napari_viewer):
    viewer = make_napari_viewer(show=True)
    labels = viewer.add_labels(np.zeros((40, 40), np.int32))
    dock = QWidget()
    viewer.window.add_dock_widget(dock, name="bench")
    keys = Keys(viewer, dock, {})
    keys.take()
    canvas = viewer.window._qt_viewer.canvas.native
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_F)
    assert labels.mode == "fill"
    keys.release()


def test_an_unknown_action_is_refused(bench):
    with pytest.raises(ValueError, match="dance"):
        Keys(bench.viewer, bench.dock, {"dance": bench.keys.show_keys})


def test_space_in_the_dock_moves_the_image(bench):
    labels = bench.viewer.layers["labels"]
    bench.viewer.layers.selection.active = labels
    labels.mode = "paint"
    bench.dock.tick.setFocus()
    QTest.keyPress(bench.dock.tick, Qt.Key.Key_Space)
    QApplication.processEvents()
    assert labels.mode == "pan_zoom" and not bench.dock.tick.isChecked() and bench.canvas.hasFocus()
    release = QKeyEvent(QEvent.Type.KeyRelease, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier, " ")
    QApplication.sendEvent(bench.canvas, release)
    assert labels.mode == "paint"


@pytest.mark.parametrize("part", ["canvas", "table"])
def test_the_question_mark_shows_all_keys_until_a_click_or_key(bench, part, qtbot):
    place = bench.canvas if part == "canvas" else bench.dock.table
    for close in ("click", "Escape"):
        bench.press(place, "?")
        shown = bench.dock.findChild(KeysOverlay)
        assert shown is not None and shown.isVisible()
        texts = {label.text() for label in shown.findChildren(QLabel)}
        assert {key.does for key in KEYS} | {text for key in KEYS for text in key.shown} <= texts
        with qtbot.waitSignal(shown.destroyed):
            if close == "click":
                QTest.mouseClick(shown, Qt.MouseButton.LeftButton)
            else:
                QTest.keyClick(shown, Qt.Key.Key_Escape)
    assert not bench.called


def test_no_key_has_two_meanings():
    texts = [text for key in KEYS for text in key.keys]
    assert len(set(texts)) == len(texts) and len({key.name for key in KEYS}) == len(KEYS)
