"""The panels as a person uses them: by their buttons, in a real viewer, with jobs in child processes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import dask.array as da
import numpy as np
import pandas as pd
import psutil
import pytest
from napari.utils._proxies import ReadOnlyWrapper
from napari.utils.interactions import mouse_move_callbacks, mouse_press_callbacks, mouse_release_callbacks
from qtpy.compat import isalive
from qtpy.QtWidgets import QApplication, QDialog, QFileDialog

from particleforge.measurement.particles import measure_particles
from particleforge.quality.matching import score
from particleforge.store.dataset import Dataset
from particleforge.store.labels import read_labels
from particleforge.store.micrographs import read_micrograph
from particleforge.widgets.folder_chooser import NOTHING_YET

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        os.environ.get("QT_QPA_PLATFORM") == "offscreen"
        or (sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))),
        reason="napari's canvas needs a display with OpenGL; `make test` gives it one by xvfb-run",
    ),
]

SPHERES = Path(__file__).parents[2] / "src" / "particleforge" / "sample_data" / "spheres"
LIMIT_MS = 480_000
PLUGIN = "napari-particleforge"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Workspace with the annotated sample image."""
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path)
    folder = tmp_path / "ParticleForge"
    shutil.copytree(SPHERES / "annotated", folder / "annotations")
    return folder


@pytest.fixture
def opened(make_napari_viewer, project):
    """Gives a viewer with a panel; no dialog and no child may be left in the end."""
    panels = []

    def open_panel(name, *layers):
        viewer = make_napari_viewer(show=True)
        for data, options, kind in layers:
            getattr(viewer, f"add_{kind}")(data, **options)
        _, panel = viewer.window.add_plugin_dock_widget(PLUGIN, name)
        QApplication.processEvents()
        panels.append(panel)
        return viewer, panel

    yield open_panel
    assert not [
        widget for widget in QApplication.topLevelWidgets() if isinstance(widget, QDialog) and widget.isVisible()
    ]
    for panel in filter(isalive, panels):
        panel.end()
    assert not jobs_left()


def jobs_left():
    """Children that still run a job."""
    _, alive = psutil.wait_procs(
        [child for child in psutil.Process().children() if "particleforge.jobs" in child.cmdline()], timeout=30
    )
    return alive


def micrograph(number=1):
    """Layer data of a sample micrograph."""
    image = read_micrograph(SPHERES / "more" / "images" / f"spheres_{number}.tif")
    return image.pixels, {"name": "spheres", "scale": image.pixel_size_nm, "units": "nm"}, "image"


def click(viewer, position):
    """Click at a place in world coordinates."""
    mouse_press_callbacks(viewer, make_event(viewer, position, "mouse_press"))
    mouse_release_callbacks(viewer, make_event(viewer, position, "mouse_release"))


def make_event(viewer, position, kind, pos=(100, 100), modifiers=()):
    return ReadOnlyWrapper(
        SimpleNamespace(
            type=kind,
            pos=np.array(pos),
            position=position,
            view_direction=None,
            up_direction=None,
            dims_displayed=list(viewer.dims.displayed),
            modifiers=modifiers,
            button=1,
            is_dragging=kind == "mouse_move",
            handled=False,
            native=None,
        ),
        exceptions=("handled",),
    )


def measure(qtbot, panel):
    """Click Measure and wait for the particles."""
    with qtbot.waitSignal(panel.row.done, timeout=LIMIT_MS):
        panel.row.button.click()
        assert panel.row.running, panel.row.message.text()
    qtbot.waitUntil(panel.view.isVisible, timeout=LIMIT_MS)


def test_particles_are_measured_picked_filtered_removed_and_exported(opened, qtbot, tmp_path, monkeypatch):
    viewer, panel = opened("Measure", micrograph())
    assert panel.row.button.isEnabled()
    measure(qtbot, panel)

    image, layer = viewer.layers
    assert np.allclose(layer.scale, image.scale) and layer.units == image.units
    assert layer.metadata["particleforge"]["source"] == {"model": "base", "images": "spheres"}
    truth = read_labels(SPHERES / "more" / "labels" / "spheres_1.tif")
    assert score(truth, np.asarray(layer.data)).f1 > 0.8
    rows = panel.view._particles.table
    expected = measure_particles(np.asarray(layer.data), pixel_size_nm=1.2)
    np.testing.assert_allclose(rows["ecd_nm"], expected["ecd_nm"], rtol=1e-6)
    assert rows["score"].between(0, 1).all()
    assert f"{(rows['weight'] > 0).sum()} of {len(rows)} particles" in panel.view.headline.text()

    # A bar highlights its particles; a click in the image selects the row and fills the bar.
    qtbot.waitUntil(lambda: bool(panel.view.plot.bars), timeout=LIMIT_MS)
    panel.view.plot.pick_bar(0)
    low, high = panel.view.plot.bars[0]
    counts = panel.view._particles.counted
    inside = counts[(1.2 * counts["ecd_px"]).between(low, high, inclusive="left")]
    assert panel.view._particles.selected == set(inside["label"])
    place = counts.iloc[3]
    click(viewer, (place["y_nm"], place["x_nm"]))
    assert panel.view._particles.selected == {place["label"]}
    chosen = panel.view.table.selectionModel().selectedRows()
    assert [panel.view.table.ids()[index.row()] for index in chosen] == [place["label"]]
    highlighted = sum(bar.get_height() for bar in panel.view.plot._highlighted)
    assert highlighted == pytest.approx(place["weight"] / counts["weight"].mean())
    mouse_press_callbacks(viewer, make_event(viewer, (0, 0), "mouse_press"))
    mouse_move_callbacks(viewer, make_event(viewer, (9, 9), "mouse_move", (160, 160)))
    mouse_release_callbacks(viewer, make_event(viewer, (9, 9), "mouse_release", (160, 160)))
    assert panel.view._particles.selected == {place["label"]}  # the view was dragged

    # A wrong particle goes from image, table and figures alike.
    with qtbot.waitSignal(panel.view._particles.changed, timeout=LIMIT_MS):
        panel.view.remove.click()
    assert place["label"] not in layer.data and place["label"] not in panel.view.table.ids()

    # What is exported is what counts in the image.
    panel.view.filter.fold.setChecked(True)
    form = panel.view.filter.body.content
    form.set_params(form.params().replace(cut_by_border=False))
    counted = panel.view._particles.counted
    assert 0 < len(counted) < len(panel.view._particles.table) and not counted["touches_border"].any()
    for text, file in {"Table…": "t.csv", "Labels…": "l.tif", "Figure…": "f.svg", "Report…": "r.html"}.items():
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, file=file: (str(tmp_path / file), ""))
        panel.view.export[text].click()
        qtbot.waitUntil(lambda file=file: panel.view.message.text() == f"Saved as {file}.", timeout=LIMIT_MS)
    table, labels = pd.read_csv(tmp_path / "t.csv"), read_labels(tmp_path / "l.tif")
    assert table["label"].tolist() == np.unique(labels[labels > 0]).tolist() == counted["label"].tolist()
    np.testing.assert_array_equal(labels, np.where(np.isin(layer.data, table["label"]), layer.data, 0))
    features = layer.features.loc[table["label"]]
    np.testing.assert_allclose(table["ecd_nm"], features["ecd_nm"], rtol=1e-6)
    np.testing.assert_allclose(
        table["ecd_px"], [np.sqrt(4 * (labels == i).sum() / np.pi) for i in table["label"]], rtol=1e-6
    )
    assert (tmp_path / "f.svg").read_text(encoding="utf-8").startswith("<?xml")

    viewer.layers.remove(layer)
    assert not panel.view.isVisible()


def test_a_stack_is_measured_plane_by_plane_and_planes_without_particles_are_no_problem(opened, qtbot):
    pixels = micrograph()[0][:160, :160]
    noise = np.random.default_rng(0).normal(90, 1, pixels.shape).astype(pixels.dtype)
    data = da.from_array(np.stack([pixels, noise, pixels]), chunks=(1, -1, -1))
    viewer, panel = opened("Measure", (data, {"name": "series"}, "image"))
    measure(qtbot, panel)
    layer, table = viewer.layers[-1], panel.view._particles.table
    assert layer.data.shape == data.shape and layer.ndim == 3
    assert set(table["plane"]) >= {0, 2} and table["label"].is_unique
    for plane in (0, 2):
        own = table[table["plane"] == plane]
        assert sorted(own["label"]) == np.unique(layer.data[plane])[1:].tolist()
    assert "pixels" in panel.row.message.text()


def test_an_image_without_particles_gives_a_calm_sentence(opened, qtbot):
    pixels = np.full((96, 96, 3), 100, np.uint8)
    viewer, panel = opened(
        "Measure", (pixels, {"name": "nothing", "rgb": True, "scale": (2, 2), "units": "um"}, "image")
    )
    measure(qtbot, panel)
    assert "No particles were found" in panel.row.message.text() + panel.view.headline.text()
    assert not np.asarray(viewer.layers[-1].data).any() and panel.view.table.ids() == []
    assert panel.row.message.styleSheet() == ""


def test_what_cannot_be_measured_is_refused_in_a_sentence(opened, qtbot):
    viewer, panel = opened("Measure")
    assert not panel.row.button.isEnabled() and panel.row.missing.text() == "Open an image first."
    viewer.add_image(np.zeros((2, 2, 8, 8)), name="hyperstack")
    assert panel.row.button.isEnabled()
    panel.row.button.click()
    assert "hyperstack has 4 axes" in panel.row.message.text() and not panel.row.running


def test_training_is_stopped_resumed_and_its_detector_measures(opened, qtbot, project):
    viewer, panel = opened("Train")
    assert panel.row.button.isEnabled() and panel.name.text() == "detector-1"
    front = panel.form.front
    front.set_params(front.params().replace(minutes=0.5))
    panel.row.button.click()
    usable = project / "models" / "detector-1" / "config.json"
    qtbot.waitUntil(lambda: usable.exists() or not panel.row.running, timeout=LIMIT_MS)
    with qtbot.waitSignal(panel.row.stopped, timeout=LIMIT_MS):
        panel.row.button.click()
    assert "can be used in Measure" in panel.row.message.text()
    (model,) = panel.view.models.models
    assert (model.finished, model.usable, model.source) == (False, True, "annotations, 1 image")
    assert panel.name.text() == "detector-2"

    panel.view.models.setCurrentItem(panel.view.models.topLevelItem(0))
    with qtbot.waitSignal(panel.row.done, timeout=LIMIT_MS) as done:
        panel.view.resume.click()
    assert done.args[0]["particles"] == 10
    (model,) = panel.view.models.models
    assert model.finished and model.usable
    assert panel.view.loss.isVisible() and len(panel.view.loss.curves[0].points) >= 2
    assert not panel.view.resume.isEnabled()

    viewer, panel = opened("Measure", micrograph())
    panel.model.set_value(model.path)
    measure(qtbot, panel)
    assert viewer.layers[-1].metadata["particleforge"]["source"]["model"] == str(model.path)
    assert len(panel.view._particles.table) > 10


def test_closing_the_viewer_ends_its_training(opened, qtbot, project):
    viewer, panel = opened("Train")
    with qtbot.waitSignal(panel.row.advanced, timeout=LIMIT_MS):
        panel.row.button.click()
    pid = panel.row.pid
    viewer.close()
    qtbot.waitUntil(lambda: not psutil.pid_exists(pid), timeout=LIMIT_MS)


def test_closing_the_panel_ends_its_job(opened, qtbot, project):
    viewer, panel = opened("Augment")
    front = panel.form.front
    front.set_params(front.params().replace(count=5000))
    with qtbot.waitSignal(panel.row.advanced, timeout=LIMIT_MS):
        panel.row.button.click()
    pid = panel.row.pid
    viewer.window.remove_dock_widget(panel)
    qtbot.waitUntil(lambda: not psutil.pid_exists(pid), timeout=LIMIT_MS)


def test_four_samples_are_shown_and_a_dataset_is_generated(opened, qtbot, project):
    viewer, panel = opened("Augment", micrograph())
    panel.preview.click()
    qtbot.waitUntil(lambda: "Preview particles" in viewer.layers, timeout=LIMIT_MS)
    shown = viewer.layers["Preview"]
    assert shown.data.shape[0] == 2 * 384 + 8 and viewer.layers["Preview particles"].contour > 0
    assert shown.units == viewer.layers["spheres"].units

    before = shown.data
    panel.preview.click()
    qtbot.waitUntil(lambda: viewer.layers["Preview"].data is not before, timeout=LIMIT_MS)
    before = viewer.layers["Preview"].data
    panel.recipe.box.setCurrentText("Warp")
    qtbot.waitUntil(lambda: viewer.layers["Preview"].data is not before, timeout=LIMIT_MS)

    front = panel.form.front
    front.set_params(front.params().replace(count=3))
    with qtbot.waitSignal(panel.row.done, timeout=LIMIT_MS):
        panel.row.button.click()
    path = project / "datasets" / "augmented-1.zarr"
    dataset = Dataset.open(path)
    assert len(dataset) == 3 and dataset.meta["recipe"]["deformation"]["kind"] == "grid"
    stack, particles = viewer.layers["augmented-1"], viewer.layers["augmented-1 particles"]
    np.testing.assert_array_equal(np.asarray(stack.data[1]), dataset[1].micrograph.pixels)
    np.testing.assert_array_equal(np.asarray(particles.data[2]), dataset[2].labels)
    assert "Preview" not in viewer.layers and panel.name.text() == "augmented-2"
    assert np.allclose(stack.scale[1:], viewer.layers["spheres"].scale)


def test_a_folder_without_annotation_says_so(opened, project):
    shutil.rmtree(project / "annotations")
    for name in ("Train", "Augment"):
        _, panel = opened(name)
        assert not panel.row.button.isEnabled() and panel.row.missing.text() == NOTHING_YET


@pytest.mark.parametrize("name", ["Measure", "Train", "Augment", "Synthesize", "Aggregates"])
def test_opening_a_panel_imports_nothing_heavy(name, tmp_path):
    code = f"""
import sys, napari
from qtpy.QtWidgets import QApplication
viewer = napari.Viewer(show=True)
before = set(sys.modules)
viewer.window.add_plugin_dock_widget({PLUGIN!r}, {name!r})
QApplication.processEvents()
heavy = {{"torch", "torchvision", "mitsuba", "stardist", "matplotlib.pyplot", "lightning_fabric", "numba"}}
print("heavy:", sorted(heavy & (set(sys.modules) - before)))
viewer.close()
"""
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "HOME": str(tmp_path), "NAPARI_CONFIG": str(tmp_path / "napari.yaml")},
    )
    assert "heavy: []" in found.stdout
