"""The Check step, driven by the mouse and by keys."""

import numpy as np
import pytest
import tifffile
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from particleforge.store.particle_files import ImageParticles, Origin, read_particles, write_particles
from particleforge.store.project import PARTICLES
from particleforge.widgets.bench.bench import Bench
from particleforge.widgets.overlays import camera

LIMIT_MS = 60_000
SECOND, THIRD = (60.0, 90.0), (90.0, 40.0)


class Bed:
    """A bench with its Check step in front, and the keys and the mouse of its window."""

    def __init__(self, viewer, folder, mouse, qtbot):
        self.viewer, self._qtbot, self.mouse = viewer, qtbot, mouse(viewer)
        self.bench = Bench(viewer)
        viewer.window.add_dock_widget(self.bench, name="ParticleForge")
        self.bench.open(folder)
        qtbot.waitUntil(lambda: self.bench.state.work is not None, timeout=LIMIT_MS)
        self.bench.go_to("Check")
        self.window = viewer.window._qt_window
        self.canvas = viewer.window._qt_viewer.canvas.native
        self.window.activateWindow()
        QTest.qWaitForWindowActive(self.window)
        self.canvas.setFocus()

    @property
    def work(self):
        return self.bench.state.work

    @property
    def ids(self):
        return set(np.unique(self.work.labels.data).tolist()) - {0}

    def press(self, key, modifier=Qt.KeyboardModifier.NoModifier):
        QTest.keyClick(self.canvas, key, modifier)
        QApplication.processEvents()

    def answered(self):
        self._qtbot.waitUntil(lambda: not self.bench.check.mending.busy, timeout=LIMIT_MS)


@pytest.fixture
def bed(make_napari_viewer, mouse, qtbot, discs, tmp_path, workspace):
    """An image with three discs, of which a detector has found two, and one wrong particle."""
    grey, labels = discs
    found = np.where(labels == 3, 0, labels).astype(np.uint32)
    found[100:115, 120:140] = 9
    tifffile.imwrite(tmp_path / "gold.tif", grey)
    (tmp_path / "gold").mkdir()
    (tmp_path / "gold.tif").rename(tmp_path / "gold" / "a.tif")
    origin = Origin({1: 0.9, 2: 0.8, 9: 0.4}, count=3, detector={"found": 3})
    write_particles(tmp_path / "gold" / PARTICLES, "a", ImageParticles(found, origin))
    made = Bed(make_napari_viewer(show=True), tmp_path / "gold", mouse, qtbot)
    yield made
    made.bench.end()
    vars(made).clear()


def test_three_particles_are_mended_without_the_panel(bed, qtbot, tmp_path):
    bed.press(Qt.Key.Key_O)
    bed.mouse.click(THIRD)
    bed.answered()
    new = int(bed.work.labels.data[90, 40])
    assert new == 10 and bed.work.sure == {10}
    bed.press(Qt.Key.Key_X)
    bed.mouse.click((107, 130))
    assert bed.ids == {1, 2, 10}
    bed.press(Qt.Key.Key_S)
    bed.mouse.drag((60, 70), (60, 90), (60, 110))
    assert bed.ids == {1, 2, 10, 11}
    bed.press(Qt.Key.Key_M)
    bed.mouse.drag((52, 90), (60, 90), (68, 90))
    assert bed.ids == {1, 2, 10}
    bed.press(Qt.Key.Key_B)
    bed.mouse.drag((10, 110), (12, 125))
    assert bed.ids == {1, 2, 10, 11} and bed.work.sure == {2, 10, 11}
    for _ in range(5):
        bed.press(Qt.Key.Key_U)
    assert bed.ids == {1, 2, 9} and bed.work.sure == frozenset() and not bed.work.history.can_undo
    for _ in range(5):
        bed.press(Qt.Key.Key_U, Qt.KeyboardModifier.ShiftModifier)
    assert bed.ids == {1, 2, 10, 11}
    qtbot.waitUntil(lambda: bed.bench.check.kept.text() == "Saved.", timeout=LIMIT_MS)
    assert read_particles(tmp_path / "gold" / PARTICLES, "a").origin.sure == {2, 10, 11}


def test_doubtful_particles_are_gone_through_by_keys(bed):
    assert set(bed.bench.check._queue.reasons) == {9}
    bed.press(Qt.Key.Key_N)
    assert bed.work.selected == {9} and "0.40" in bed.bench.check.queue.text.text()
    window = bed.work.history.places.window(9)
    centre = camera(bed.viewer).center[-2:]
    assert np.allclose(centre, [(axis.start + axis.stop - 1) / 2 for axis in window], atol=1)
    side = camera(bed.viewer).zoom * (window[1].stop - window[1].start)
    assert 0.15 < side / min(bed.canvas.width(), bed.canvas.height()) < 0.25
    bed.press(Qt.Key.Key_X)
    assert bed.ids == {1, 2} and bed.work.strokes.data.any()
    assert bed.bench.check.queue.text.text() == "1 of 1 doubtful particle checked."
    bed.press(Qt.Key.Key_U)
    assert bed.ids == {1, 2, 9} and not bed.work.strokes.data.any()


def test_a_click_selects_and_delete_removes(bed):
    bed.mouse.click(SECOND)
    assert bed.work.selected == {2}
    bed.mouse.click((5, 75))
    assert not bed.work.selected
    bed.mouse.click(SECOND)
    bed.press(Qt.Key.Key_C)
    assert bed.work.sure == {2}
    bed.press(Qt.Key.Key_Delete)
    assert bed.ids == {1, 9}
    bed.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert bed.ids == {1, 2, 9} and bed.work.sure == {2}


def test_with_shift_the_brush_rubs_out_the_particle_it_begins_on(bed):
    bed.press(Qt.Key.Key_B)
    bed.bench.check.mending._begin_stroke(SECOND, True)
    bed.work.labels.paint((60, 90), bed.work.labels.selected_label)
    assert bed.work.labels.data[60, 90] == 0 and {1, 2, 9} == bed.ids


@pytest.mark.parametrize("key", [Qt.Key.Key_O, Qt.Key.Key_X, Qt.Key.Key_B])
def test_space_moves_the_image_and_the_tool_comes_back(bed, key):
    bed.press(key)
    name, centre = bed.bench.check.mending.tools.name, np.array(camera(bed.viewer).center)
    QTest.keyPress(bed.canvas, Qt.Key.Key_Space)
    bed.mouse.drag(SECOND, (62, 92), (70, 100))
    QTest.keyRelease(bed.canvas, Qt.Key.Key_Space)
    assert not np.allclose(camera(bed.viewer).center, centre) and not bed.work.history.can_undo
    assert bed.bench.check.mending.tools.name == name and bed.bench.check.toolbar.buttons[name].isChecked()


def test_other_steps_leave_the_mouse_to_napari(bed):
    bed.press(Qt.Key.Key_O)
    bed.bench.go_to("Scale")
    assert bed.work.labels.mouse_pan and bed.bench.check.mending is None
    bed.mouse.click(THIRD)
    bed.mouse.click(SECOND)
    assert bed.ids == {1, 2, 9} and bed.work.selected == {2}
    bed.press(Qt.Key.Key_B)
    assert bed.bench._front is bed.bench.check and bed.work.labels.mode == "paint"
