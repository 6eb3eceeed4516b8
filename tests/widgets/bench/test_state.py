"""The bench works on one image of a project at a time."""

import shutil

import numpy as np
import pytest
from napari.layers import Image, Labels

from particleforge.errors import UserError
from particleforge.store.labels import read_labels
from particleforge.store.particle_files import read_particles
from particleforge.store.project import PARTICLES, Project
from particleforge.widgets.bench.state import State

LIMIT_MS = 20_000
FIRST, SECOND = "spheres_1", "spheres_2"


@pytest.fixture
def folder(gold, spheres):
    """A folder of three micrographs; the first has particles."""
    (gold / PARTICLES).mkdir()
    shutil.copy(spheres / "labels" / f"{FIRST}.tif", gold / PARTICLES)
    return gold


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer()


@pytest.fixture
def state(viewer):
    state = State(viewer)
    state.errors = []
    state.failed.connect(lambda error: state.errors.append(str(error)))
    yield state
    state.close()


@pytest.fixture
def opened(state, folder, qtbot):
    """A state with the folder open, its first image shown."""
    state.open(folder)
    qtbot.waitUntil(lambda: state.work is not None, timeout=LIMIT_MS)
    return state


def layers_of(name):
    return [name, *(f"{name} {role}" for role in ("particles", "background", "contours"))]


def visible(viewer):
    return [layer.name for layer in viewer.layers if layer.visible]


def show(state, name, qtbot):
    state.show(name)
    qtbot.waitUntil(lambda: state.work is not None and state.work.name == name, timeout=LIMIT_MS)


def test_opening_a_folder_shows_its_first_image_with_its_particles(opened, viewer, spheres):
    assert opened.names == [FIRST, SECOND, "spheres_3"]
    assert visible(viewer) == layers_of(FIRST)
    assert np.array_equal(opened.work.labels.data, read_labels(spheres / "labels" / f"{FIRST}.tif"))
    assert len(opened.work.table) == len(np.unique(opened.work.labels.data)) - 1
    assert opened.work.pixel_size_nm == pytest.approx(1.2)


def test_another_image_takes_the_place_of_the_one_before(opened, viewer, qtbot):
    opened.step(1)
    qtbot.waitUntil(lambda: opened.work is not None and opened.work.name == SECOND, timeout=LIMIT_MS)
    assert [layer.name for layer in viewer.layers] == layers_of(SECOND)
    assert not len(opened.work.table)


def test_stepping_beyond_the_ends_stays(opened):
    opened.step(-1)
    assert opened.current == FIRST and opened.work is not None


def test_edits_are_saved_when_another_image_is_shown(opened, folder, qtbot):
    ids = opened.work.table["label"].tolist()
    opened.work.history.erase(ids[:2])
    show(opened, SECOND, qtbot)
    saved = read_particles(folder / PARTICLES, FIRST)
    assert set(np.unique(saved.labels)) == {0, *ids[2:]}
    assert saved.origin.count == len(ids) - 2
    show(opened, FIRST, qtbot)
    assert opened.work.table["label"].tolist() == ids[2:]


def test_an_image_without_particles_leaves_no_file(opened, folder, qtbot):
    show(opened, SECOND, qtbot)
    show(opened, FIRST, qtbot)
    assert [path.name for path in (folder / PARTICLES).iterdir()] == [f"{FIRST}.tif"]


def test_a_scale_that_is_set_reaches_project_and_table(opened, folder):
    opened.work.image.scale = (3.0, 3.0)
    assert opened.work.pixel_size_nm == pytest.approx(3.0)
    assert Project(folder)[FIRST].pixel_size_nm == pytest.approx(3.0)
    assert opened.work.table["ecd_nm"].to_numpy() == pytest.approx(3.0 * opened.work.table["ecd_px"].to_numpy())


def test_showing_an_image_does_not_state_a_scale(opened, folder, qtbot):
    show(opened, SECOND, qtbot)
    assert not (folder / "project.yaml").exists()


def test_the_image_that_becomes_active_is_worked_on(opened, viewer, folder, qtbot, tmp_path):
    shutil.copy(folder / "spheres_3.tif", tmp_path / "elsewhere.tif")
    (layer,) = viewer.open(tmp_path / "elsewhere.tif")
    qtbot.waitUntil(lambda: opened.work is not None and opened.work.image is layer, timeout=LIMIT_MS)
    assert opened.current == "elsewhere" and visible(viewer) == layers_of("elsewhere")
    assert opened.work.pixel_size_nm == pytest.approx(1.2), "the layer has none, but the file states it"
    assert Project(folder)["elsewhere"].path == str(tmp_path / "elsewhere.tif")


def test_arrays_are_kept_in_the_project(opened, viewer, folder, qtbot):
    pixels = np.random.default_rng(1).integers(0, 255, (60, 80), np.uint8)
    layer = viewer.add_layer(Image(pixels, name="made: here"))
    qtbot.waitUntil(lambda: opened.work is not None and opened.work.image is layer, timeout=LIMIT_MS)
    assert opened.current == "made_ here"
    assert np.array_equal(Project(folder).open("made_ here")[0].read().pixels, pixels)
    show(opened, FIRST, qtbot)
    assert layer in viewer.layers and not layer.visible
    viewer.layers.selection.active = layer
    qtbot.waitUntil(lambda: opened.work is not None and opened.work.image is layer, timeout=LIMIT_MS)
    assert opened.names.count("made_ here") == 1


def test_a_stack_gives_an_image_for_each_plane(opened, viewer, folder, qtbot):
    pixels = np.random.default_rng(1).integers(0, 255, (3, 60, 80), np.uint8)
    viewer.add_layer(Image(pixels, name="movie"))
    qtbot.waitUntil(lambda: opened.work is not None and opened.current.startswith("movie"), timeout=LIMIT_MS)
    assert [name for name in opened.names if name.startswith("movie")] == ["movie_00000", "movie_00001", "movie_00002"]
    assert np.array_equal(Project(folder).open("movie_00002")[0].read().pixels, pixels[2])


def test_labels_of_another_plugin_become_particles(opened, viewer, folder, qtbot, spheres):
    show(opened, SECOND, qtbot)
    theirs = viewer.add_layer(Labels(read_labels(spheres / "labels" / f"{SECOND}.tif"), name="cellpose"))
    opened.take_labels(theirs)
    qtbot.waitUntil(lambda: opened.work is not None and len(opened.work.table) > 0, timeout=LIMIT_MS)
    assert read_particles(folder / PARTICLES, SECOND).origin.detector == {"labels": "cellpose"}
    assert opened.work.sure == frozenset()
    with pytest.raises(UserError, match=r"has the shape \(5, 5\)"):
        opened.take_labels(Labels(np.ones((5, 5), int)))


def test_a_file_that_cannot_be_read_is_reported_and_others_go_on(state, folder, qtbot):
    (folder / "spheres_1.tif").write_bytes(b"II*\0broken")
    with qtbot.waitSignal(state.failed, timeout=LIMIT_MS):
        state.open(folder)
    assert state.errors and "spheres_1" in state.errors[0]
    show(state, SECOND, qtbot)


def test_removing_a_layer_by_hand_saves_and_lets_go(opened, viewer, folder):
    opened.work.history.erase(opened.work.table["label"].tolist()[:1])
    viewer.layers.remove(opened.work.labels)
    assert opened.work is None and opened.current == ""
    assert read_particles(folder / PARTICLES, FIRST).origin.count == 55


def test_without_a_project_an_image_goes_to_that_of_the_workspace(state, viewer, folder, qtbot, tmp_path):
    viewer.open(folder / "spheres_3.tif")
    qtbot.waitUntil(lambda: state.work is not None, timeout=LIMIT_MS)
    assert state.project.folder == tmp_path / "home" / "ParticleForge" and state.names == ["spheres_3"]


def test_closing_leaves_the_layers_and_reopening_takes_them_again(opened, viewer, folder, qtbot):
    opened.end()
    assert [layer.name for layer in viewer.layers] == layers_of(FIRST)
    again = State(viewer)
    again.open(folder)
    qtbot.waitUntil(lambda: again.work is not None, timeout=LIMIT_MS)
    assert [layer.name for layer in viewer.layers if isinstance(layer, Labels)] == layers_of(FIRST)[1:]
    again.end()
