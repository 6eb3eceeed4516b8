"""A pixel size is the same in the project, in napari, in tables and in the files of particles."""

import shutil

import numpy as np
import pytest
import tifffile
from napari.layers import Image

from particleforge.store.labels import open_labels
from particleforge.store.particle_files import particle_file
from particleforge.store.project import PARTICLES, Project
from particleforge.widgets.bench.state import State

LIMIT_MS = 20_000
FIRST, SECOND = "spheres_1", "spheres_2"


@pytest.fixture
def folder(gold, spheres):
    """A folder of three micrographs of 1.2 nm per pixel, the first two with particles."""
    (gold / PARTICLES).mkdir()
    for name in (FIRST, SECOND):
        shutil.copy(spheres / "labels" / f"{name}.tif", gold / PARTICLES)
    return gold


@pytest.fixture
def state(make_napari_viewer, folder, qtbot):
    """A state with the folder open, its first image shown."""
    state = State(make_napari_viewer())
    state.errors = []
    state.failed.connect(lambda error: state.errors.append(str(error)))
    state.open(folder)
    qtbot.waitUntil(lambda: state.work is not None, timeout=LIMIT_MS)
    yield state
    state.close()


def give(state, side_nm, *names):
    state.scaling.give(state.project, dict.fromkeys(names, side_nm))


def saved_size(folder, name):
    return open_labels(particle_file(folder / PARTICLES, name)).pixel_size_nm


def test_a_scale_given_reaches_layers_table_project_and_file(state, folder, qtbot):
    state.viewer.layers[0].translate = (12.0, 24.0)
    give(state, 2.4, FIRST)
    for layer in state.viewer.layers:
        assert np.allclose(layer.scale, 2.4) and np.allclose(layer.translate, (24.0, 48.0))
    assert state.work.table["ecd_nm"].to_numpy() == pytest.approx(2.4 * state.work.table["ecd_px"].to_numpy())
    assert state.work.micrograph.pixel_size_nm == (2.4, 2.4)
    assert Project(folder)[FIRST].pixel_size_nm == 2.4
    qtbot.waitUntil(lambda: saved_size(folder, FIRST) == pytest.approx((2.4, 2.4)), timeout=LIMIT_MS)


def test_images_that_are_not_shown_get_it_too(state, folder, qtbot):
    names = []
    state.rows_changed.connect(names.extend)
    give(state, 5.0, SECOND, "spheres_3")
    assert names == [SECOND, "spheres_3"]
    assert state.work.pixel_size_nm == pytest.approx(1.2)
    assert Project(folder).open(SECOND).pixel_size_nm == (5.0, 5.0)
    qtbot.waitUntil(lambda: saved_size(folder, SECOND) == pytest.approx((5.0, 5.0)), timeout=LIMIT_MS)


def test_the_last_one_is_undone_for_all_images(state, folder):
    give(state, 3.0, SECOND)
    give(state, 5.0, FIRST, SECOND)
    assert state.scaling.undo() == [FIRST, SECOND]
    project = Project(folder)
    assert project[FIRST].pixel_size_nm is None and project[SECOND].pixel_size_nm == 3.0
    assert state.work.pixel_size_nm == pytest.approx(1.2)
    assert state.scaling.undoable == [] and state.scaling.undo() == []


@pytest.mark.parametrize(("scale", "unit", "side_nm"), [(2.5, "nm", 2.5), (0.004, "um", 4.0), (7.0, "angstrom", 0.7)])
def test_a_scale_given_in_napari_is_kept(state, folder, scale, unit, side_nm):
    state.work.image.units = (unit, unit)
    state.work.image.scale = (scale, scale)
    assert Project(folder)[FIRST].pixel_size_nm == pytest.approx(side_nm)
    assert state.work.pixel_size_nm == pytest.approx(side_nm) and not state.errors


def test_pixels_that_are_not_square_are_refused(state, folder):
    state.work.image.scale = (1.0, 2.0)
    assert "must be square" in state.errors[-1]
    assert np.allclose(state.work.image.scale, 1.2) and np.allclose(state.work.labels.scale, 1.2)
    assert state.work.pixel_size_nm == pytest.approx(1.2)
    assert not (folder / "project.yaml").exists()


def test_other_units_than_lengths_are_refused(state):
    state.work.image.units = ("second", "second")
    assert "second" in state.errors[-1]
    assert [str(unit) for unit in state.work.image.units] == ["nanometer", "nanometer"]
    assert state.work.pixel_size_nm == pytest.approx(1.2)


def test_a_file_with_pixels_that_are_not_square_is_refused_as_measure_does(state, folder, qtbot):
    flat = {"resolution": (1.0, 2.0), "metadata": {"unit": "nm"}, "imagej": True}
    tifffile.imwrite(folder / "flat.tif", np.zeros((8, 8), np.uint8), **flat)
    state.add([folder / "flat.tif"])
    qtbot.waitUntil(lambda: bool(state.errors), timeout=LIMIT_MS)
    assert "flat: pixels measure 0.5 nm by 1 nm; they must be square" in state.errors[-1]
    give(state, 1.0, "flat")
    state.show("flat")
    qtbot.waitUntil(lambda: state.work is not None and state.work.name == "flat", timeout=LIMIT_MS)
    assert state.work.pixel_size_nm == 1.0


def test_a_layer_opened_elsewhere_keeps_its_scale_and_passes_it_on(state, folder, qtbot):
    state.viewer.add_layer(Image(np.ones((16, 16), np.uint8), name="array", scale=(3.0, 3.0), units=("nm", "nm")))
    qtbot.waitUntil(lambda: state.work is not None and state.work.name == "array", timeout=LIMIT_MS)
    assert state.work.pixel_size_nm == pytest.approx(3.0)
    assert Project(folder).open("array").pixel_size_nm == pytest.approx((3.0, 3.0))


def test_layers_that_are_shown_higher_than_wide_are_reported(state, qtbot):
    state.viewer.add_layer(Image(np.ones((16, 16), np.uint8), name="array", scale=(2.0, 1.0)))
    qtbot.waitUntil(lambda: state.work is not None and state.work.name == "array", timeout=LIMIT_MS)
    assert "2.00 times as high as wide; they count as square" in state.errors[-1]
