"""What a person does with the Annotate panel, and what is on disk afterwards."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile
from napari.utils._proxies import ReadOnlyWrapper
from napari.utils.interactions import mouse_move_callbacks, mouse_press_callbacks, mouse_release_callbacks
from PIL import Image as PillowImage
from qtpy.QtCore import QTimer

from particleforge.store.annotated import read_annotated
from particleforge.store.files import sha256
from particleforge.store.labels import read_labels
from particleforge.widgets.annotate import AnnotatePanel

pytestmark = pytest.mark.skipif(
    os.environ.get("QT_QPA_PLATFORM") == "offscreen"
    or (sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))),
    reason="napari's canvas needs a display with OpenGL; `make test` gives it one by xvfb-run",
)

SPHERES = Path(__file__).parents[2] / "src" / "particleforge" / "sample_data" / "spheres" / "more"
TRUTH = read_labels(SPHERES / "labels" / "spheres_1.tif")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Folder where annotations go by default."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "ParticleForge" / "annotations"


@pytest.fixture
def image_file(tmp_path):
    """A micrograph on disk, outside any annotated folder."""
    (tmp_path / "taken").mkdir()
    return Path(shutil.copy(SPHERES / "images" / "spheres_1.tif", tmp_path / "taken"))


@pytest.fixture
def opened(make_napari_viewer, qtbot):
    """A function that opens a viewer with the panel; every panel is shut in the end."""

    def open_panel(path=None, **layer):
        viewer = make_napari_viewer()
        if path is not None:
            viewer.open(path, plugin="napari")
        elif layer:
            viewer.add_image(**layer)
        _, panel = viewer.window.add_plugin_dock_widget("napari-particleforge", "Annotate")
        return viewer, panel

    return open_panel


def event(kind, viewer, y, x, button=1):
    """A mouse event at a place of the image in world coordinates."""
    position = (*viewer.dims.point[:-2], y, x)
    return ReadOnlyWrapper(
        SimpleNamespace(
            type=kind,
            is_dragging=kind == "mouse_move",
            button=button,
            modifiers=[],
            position=position,
            pos=np.array([x, y], float),
            view_direction=None,
            up_direction=None,
            dims_displayed=list(viewer.dims.displayed),
            handled=False,
        ),
        exceptions=("handled",),
    )


def gesture(viewer, *points):
    """Press at the first point, given in px of the image, move through the others, release."""
    layer = viewer.layers.selection.active
    world = [np.asarray(layer.data_to_world(point))[-2:] for point in points]
    mouse_press_callbacks(layer, event("mouse_press", viewer, *world[0]))
    for place in world[1:]:
        mouse_move_callbacks(layer, event("mouse_move", viewer, *place))
    mouse_release_callbacks(layer, event("mouse_release", viewer, *world[-1]))


def middle(particle, labels=TRUTH):
    return tuple(float(np.mean(places)) for places in np.nonzero(labels == particle))


def whole_particles():
    """Particles that do not touch the border, largest first."""
    ids, areas = np.unique(TRUTH[TRUTH > 0], return_counts=True)
    border = set(TRUTH[0]) | set(TRUTH[-1]) | set(TRUTH[:, 0]) | set(TRUTH[:, -1])
    return [int(i) for i in ids[np.argsort(-areas)] if i not in border]


def overlap(labels, found, particle):
    one, other = labels == found, TRUTH == particle
    return (one & other).sum() / (one | other).sum()


def saved(qtbot, panel):
    """Wait until what is shown has been saved."""
    panel.session.touch()
    with qtbot.waitSignal(panel.session.saver.saved, timeout=10_000):
        pass


def test_clicks_are_particles_that_are_saved_and_continued(opened, qtbot, image_file, home):
    before = sha256(image_file)
    viewer, panel = opened(image_file)
    panel.begin.click()
    assert panel.particles.buttons["outline"].isChecked()
    wanted = whole_particles()[:3]
    for particle in wanted:
        gesture(viewer, middle(particle))
    labels = panel.session.particles.data
    assert labels.dtype == np.uint32
    assert [overlap(labels, i + 1, particle) > 0.8 for i, particle in enumerate(wanted)] == [True] * 3
    panel.background.brush.click()
    strokes = panel.session.strokes
    assert (viewer.layers.selection.active, strokes.mode) == (strokes, "paint")
    strokes.paint((5, 5), 1)
    saved(qtbot, panel)
    (sample,) = read_annotated(home)
    np.testing.assert_array_equal(sample.labels, labels)
    np.testing.assert_array_equal(sample.background, (strokes.data > 0) & (labels == 0))
    assert sha256(image_file) == sha256(home / "images" / "spheres_1.tif") == before
    labels = labels.copy()
    viewer.close()

    viewer, panel = opened(image_file)
    assert panel.session is not None, panel.message.text()
    np.testing.assert_array_equal(panel.session.particles.data, labels)
    np.testing.assert_array_equal(panel.session.strokes.data > 0, sample.background)
    assert not panel.background.complete.value
    assert panel.counted.text().startswith("3 particles")
