import os
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from npe2 import PluginManifest
from npe2.manifest.utils import import_python_name

from particleforge.errors import UserError
from particleforge.measurement.particles import measure_particles
from particleforge.store.labels import read_labels
from particleforge.widgets.overlays import grid, scale_bar
from particleforge.widgets.show import features, show
from particleforge.workflows.sizes import SizesParams, sizes

pytestmark = pytest.mark.skipif(
    os.environ.get("QT_QPA_PLATFORM") == "offscreen"
    or (sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))),
    reason="napari's canvas needs a display with OpenGL; `make test` gives it one by xvfb-run",
)

ROOT = Path(__file__).parents[2]
SPHERES = ROOT / "src" / "particleforge" / "sample_data" / "spheres" / "more"


@pytest.fixture
def viewer_class(make_napari_viewer, monkeypatch):
    """What `show` opens is closed after the test, and does not appear."""
    monkeypatch.setattr("napari.Viewer", lambda **options: make_napari_viewer(**options))


def close_to(layer, size_nm: float) -> bool:
    return np.allclose(layer.scale, size_nm) and [str(unit) for unit in layer.units] == ["nanometer", "nanometer"]


def test_every_command_of_the_manifest_is_there():
    manifest = PluginManifest.from_distribution("napari-particleforge")

    assert manifest.contributions.commands
    for command in manifest.contributions.commands:
        assert callable(import_python_name(command.python_name))


def test_sample_data_opens_in_napari(make_napari_viewer):
    viewer = make_napari_viewer()
    viewer.open_sample("napari-particleforge", "spheres")

    image, particles = viewer.layers
    assert (image.name, particles.name) == ("spheres", "particles")
    assert close_to(image, 1.2) and close_to(particles, 1.2)
    assert np.array_equal(image.data, tifffile.imread(SPHERES / "images" / "spheres_1.tif"))
    assert np.array_equal(particles.data, tifffile.imread(SPHERES / "labels" / "spheres_1.tif"))
    viewer.open_sample("napari-particleforge", "rods")
    assert [layer.name for layer in viewer.layers[2:]] == ["rods", "particles [1]"]


def test_napari_opens_and_saves_labels_with_their_scale(make_napari_viewer, tmp_path):
    viewer = make_napari_viewer()
    layer = viewer.add_labels(np.eye(9, dtype=int), name="mine", scale=(2, 2), units="nm")
    (path,) = layer.save(str(tmp_path / "my labels.tif"), plugin="napari-particleforge")
    (opened,) = viewer.open(path, plugin="napari-particleforge")
    assert close_to(opened, 2) and np.array_equal(opened.data, layer.data)
    image, particles, strokes = viewer.open(str(SPHERES.parent / "annotated"), plugin="napari-particleforge")
    assert close_to(image, 1.2) and len(np.unique(particles.data)) == 11 and strokes.data.any()


def test_show_gives_every_image_its_particles_with_features(viewer_class, tmp_path):
    measured = sizes(SPHERES / "labels", tmp_path / "results", images=SPHERES / "images")

    viewer = show(measured.out, SPHERES / "images")

    assert [layer.name for layer in viewer.layers][-2:] == ["spheres_1", "spheres_1 particles"]
    assert len(viewer.layers) == 6 and all(close_to(layer, 1.2) for layer in viewer.layers)
    assert scale_bar(viewer).visible
    counted = viewer.layers if hasattr(viewer, "scene") else len(viewer.layers)  # napari 0.9 and before
    assert grid(viewer).actual_shape(counted) == (2, 2)
    for name in ("spheres_1", "spheres_2", "spheres_3"):
        labels, rows = viewer.layers[f"{name} particles"], viewer.layers[f"{name} particles"].features
        truth = measure_particles(read_labels(SPHERES / "labels" / f"{name}.tif"), pixel_size_nm=1.2)
        assert rows["label"].tolist() == list(range(labels.data.max() + 1))
        assert np.isnan(rows["ecd_nm"][0])
        assert np.allclose(rows["ecd_nm"][truth["label"]], truth["ecd_nm"], rtol=1e-6)


def test_show_without_pixel_size_is_in_pixels(viewer_class, tmp_path):
    pixels = np.zeros((40, 50), np.uint8)
    pixels[10:20, 10:20] = 7
    for part in ("images", "labels"):
        (tmp_path / part).mkdir()
        tifffile.imwrite(tmp_path / part / "NA.tif", pixels)
    measured = sizes(tmp_path / "labels", tmp_path / "results", images=tmp_path / "images")

    viewer = show(measured.out, tmp_path / "images")

    image, particles = viewer.layers
    assert np.allclose(image.scale, 1) and [str(unit) for unit in image.units] == ["pixel", "pixel"]
    assert not grid(viewer).enabled
    assert particles.features["area_px2"].tolist()[7] == 100
    assert particles.features["area_px2"].notna().sum() == 1


def test_show_takes_the_pixel_size_the_sizes_were_measured_with(viewer_class, tmp_path):
    measured = sizes(
        SPHERES / "labels" / "spheres_1.tif",
        tmp_path / "results",
        SizesParams(pixel_size="3 nm"),
        SPHERES / "images",
    )

    viewer = show(measured.out, SPHERES / "images")

    assert len(viewer.layers) == 2 and all(close_to(layer, 3) for layer in viewer.layers)


def test_show_says_what_is_missing(tmp_path):
    with pytest.raises(UserError, match="holds no results"):
        show(tmp_path, SPHERES / "images")
    measured = sizes(SPHERES / "labels", tmp_path / "results", images=SPHERES / "images")
    with pytest.raises(UserError, match="does not contain the measured image spheres_2"):
        show(measured.out, SPHERES / "images" / "spheres_1.tif")


def test_huge_ids_do_not_fill_the_memory():
    table = measure_particles(np.array([[0, 4_000_000_000]], np.uint32))

    assert features(table, 4_000_000_000) is None
