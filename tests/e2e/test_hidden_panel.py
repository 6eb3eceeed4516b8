"""A panel that is hidden is paused."""

import threading

import numpy as np
import pytest
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

from particleforge.store.annotated import read_annotated
from particleforge.widgets.annotate.saver import SETTLED_MS


@pytest.fixture
def menu(make_napari_viewer):
    """A function that chooses a panel in the Plugins menu, as napari does: it opens, hides or shows it."""
    from napari._app_model import get_app_model

    def menu(name):
        get_app_model().commands.execute_command(f"napari-particleforge.{name}").result()
        QApplication.processEvents()

    return menu


def panel_of(viewer, name):
    """The panel, whether or not it is hidden."""
    return next(dock for title, dock in viewer.window._wrapped_dock_widgets.items() if name in title).inner_widget()


def test_nothing_happens_while_annotate_is_hidden(make_napari_viewer, menu, mouse, qtbot, discs, tmp_path, workspace):
    viewer = make_napari_viewer(show=True)
    viewer.add_image(discs[0], name="a")
    menu("annotate")
    panel = panel_of(viewer, "Annotate")
    panel.begin.click()
    panel.session.particles.paint((30, 30), 1)
    menu("annotate")
    assert not panel.isVisible() and panel.paused
    saved = workspace / "annotations" / "labels" / "a.tif"
    assert saved.exists(), "what was changed before is saved at once"
    before, threads, layers = saved.read_bytes(), set(threading.enumerate()), len(viewer.layers)

    panel.session.particles.paint((60, 90), 2)
    mouse(viewer).click((90, 40))
    viewer.add_image(np.roll(discs[0], 9), name="b")
    qtbot.wait(SETTLED_MS + 500)
    assert saved.read_bytes() == before and len(viewer.layers) == layers + 1
    assert panel.session.image.name == "a" and not (set(threading.enumerate()) - threads)
    assert not [timer for timer in panel.session.saver.findChildren(QTimer) if timer.isActive()]

    viewer.layers.selection.active = viewer.layers["a"]
    menu("annotate")
    assert panel.isVisible() and not panel.paused and panel.session is not None
    qtbot.waitUntil(lambda: saved.read_bytes() != before, timeout=10_000)
    viewer.close()
    assert np.unique(read_annotated(workspace / "annotations")[0].labels).tolist() == [0, 1, 2]


def test_an_annotated_image_opened_meanwhile_is_continued_when_the_panel_is_shown(
    make_napari_viewer, menu, discs, workspace
):
    viewer = make_napari_viewer(show=True)
    viewer.add_image(discs[0], name="a")
    menu("annotate")
    panel = panel_of(viewer, "Annotate")
    panel.begin.click()
    panel.session.particles.paint((30, 30), 1)
    viewer.layers.remove("a")
    assert panel.session is None
    viewer.layers.clear()
    menu("annotate")
    viewer.add_image(discs[0], name="a")
    QApplication.processEvents()
    assert [layer.name for layer in viewer.layers] == ["a"] and panel.session is None
    menu("annotate")
    assert panel.session is not None and panel.session.particles.data.max() == 1


def test_a_measurement_that_ends_meanwhile_is_shown_later(make_napari_viewer, menu, qtbot, discs, workspace):
    viewer = make_napari_viewer(show=True)
    viewer.add_image(discs[0], name="a")
    menu("measure")
    panel = panel_of(viewer, "Measure")
    with qtbot.waitSignal(panel.row.done, timeout=300_000):
        panel.row.button.click()
        menu("measure")
    qtbot.wait(1000)
    assert panel.paused and [layer.name for layer in viewer.layers] == ["a"]
    menu("measure")
    qtbot.waitUntil(lambda: "a particles" in viewer.layers, timeout=30_000)
    assert panel.view.isVisible()
