"""The panels as a person uses them: by their buttons, in a real viewer, with jobs in child processes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
from qtpy.compat import isalive
from qtpy.QtWidgets import QApplication, QDialog

from particleforge.store.dataset import Dataset
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
    _, panel = opened("Augment")
    assert not panel.row.button.isEnabled() and panel.row.missing.text() == NOTHING_YET


@pytest.mark.parametrize("name", ["ParticleForge", "Augment", "Synthesize", "Aggregates"])
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
