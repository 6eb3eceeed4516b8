"""From an opened image to an annotated folder, by the Annotate panel's widgets and the mouse, with a real detector."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
from napari.utils._proxies import ReadOnlyWrapper
from napari.utils.interactions import mouse_press_callbacks, mouse_release_callbacks

from particleforge.quality.matching import score
from particleforge.store.annotated import read_annotated
from particleforge.store.labels import read_labels

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        os.environ.get("QT_QPA_PLATFORM") == "offscreen"
        or (sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))),
        reason="napari's canvas needs a display with OpenGL; `make test` gives it one by xvfb-run",
    ),
]

SPHERES = Path(__file__).parents[2] / "src" / "particleforge" / "sample_data" / "spheres" / "more"
TRUTH = read_labels(SPHERES / "labels" / "spheres_1.tif")
LIMIT_MS = 240_000


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Folder where annotations go."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / "ParticleForge" / "annotations"


@pytest.fixture
def annotating(make_napari_viewer, home):
    """A shown viewer with the sample image and the panel."""
    viewer = make_napari_viewer(show=True)
    viewer.open_sample("napari-particleforge", "spheres")
    viewer.layers.remove("particles")
    _, panel = viewer.window.add_plugin_dock_widget("napari-particleforge", "Annotate")
    panel.begin.click()
    return viewer, panel


def click(viewer, place):
    """Click on a place of the image, in px."""
    layer = viewer.layers.selection.active
    for kind, call in (("mouse_press", mouse_press_callbacks), ("mouse_release", mouse_release_callbacks)):
        event = SimpleNamespace(
            type=kind,
            button=1,
            is_dragging=False,
            modifiers=[],
            position=layer.data_to_world(place),
            pos=np.zeros(2),
            view_direction=None,
            up_direction=None,
            dims_displayed=[0, 1],
            handled=False,
        )
        call(layer, ReadOnlyWrapper(event, exceptions=("handled",)))


def middles(labels):
    ids = np.unique(labels[labels > 0])
    return [tuple(float(np.mean(axis)) for axis in np.nonzero(labels == i)) for i in ids]


def suggest(qtbot, panel):
    with qtbot.waitSignal(panel.row.done, timeout=LIMIT_MS):
        panel.row.button.click()
        assert panel.row.running, panel.row.message.text()


def test_suggestions_are_accepted_rejected_and_saved(annotating, qtbot, home):
    viewer, panel = annotating
    click(viewer, middles(TRUTH)[10])
    qtbot.waitUntil(lambda: not panel.particles.busy, timeout=LIMIT_MS)
    assert panel.session.particles.data.max() == 1
    suggest(qtbot, panel)
    proposals = panel.session.proposals
    assert proposals.name == "spheres suggestions" and proposals in viewer.layers
    assert not (proposals.data[panel.session.particles.data > 0]).all()
    places = middles(proposals.data)
    assert len(places) > 40
    assert panel.particles.buttons["accept"].isChecked()
    click(viewer, places[0])
    assert np.unique(panel.session.particles.data).tolist() == [0, 1, 2]
    panel.particles.buttons["reject"].click()
    click(viewer, places[1])
    assert np.unique(panel.session.particles.data).tolist() == [0, 1, 2]
    assert len(middles(proposals.data)) == len(places) - 2
    click(viewer, places[1])
    assert "no suggestion here" in panel.message.text()
    panel.particles.accept_all.click()
    assert panel.session.proposals is None and "spheres suggestions" not in viewer.layers
    assert not panel.particles.accept_all.isEnabled()
    assert len(middles(panel.session.particles.data)) == len(places)
    panel.background.complete.value = True
    with qtbot.waitSignal(panel.session.saver.saved, timeout=LIMIT_MS):
        pass
    (sample,) = read_annotated(home)
    assert sample.known is None and sample.micrograph.pixel_size_nm == pytest.approx((1.2, 1.2))
    assert score(TRUTH, sample.labels).f1 > 0.8
    assert panel.counted.text().startswith(f"{len(places)} particles annotated")
    assert "enough to start" in panel.needed.text()


def test_suggestions_that_come_too_late_or_are_stopped_are_dropped(annotating, qtbot):
    viewer, panel = annotating
    with qtbot.waitSignal(panel.row.stopped, timeout=LIMIT_MS):
        panel.row.button.click()
        qtbot.waitUntil(lambda: panel.row.pid is not None, timeout=LIMIT_MS)
        panel.row.button.click()
    assert panel.session.proposals is None and panel.row.button.isEnabled()
    panel.row.button.click()
    qtbot.waitUntil(lambda: panel.row.pid is not None, timeout=LIMIT_MS)
    pid = panel.row.pid
    viewer.add_image(np.arange(6400.0).reshape(80, 80), name="other")
    panel.image.value = viewer.layers["other"]
    assert [layer.name for layer in viewer.layers] == ["spheres", "other"]
    qtbot.waitUntil(lambda: not psutil.pid_exists(pid), timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: not panel.row.running, timeout=LIMIT_MS)
    panel.begin.click()
    assert panel.session.proposals is None
    assert panel.row.button.isEnabled()
