"""What is done to the particles of an image is saved, noticed by others, and never lost."""

import numpy as np
import pytest
import tifffile

from particleforge.annotate.edit import split_by_line
from particleforge.store.annotated import read_annotated
from particleforge.store.annotation_state import ChangedElsewhere
from particleforge.store.labels import read_labels
from particleforge.store.particle_edits import read_background
from particleforge.store.particle_files import ImageParticles, Origin, read_particles, write_particles
from particleforge.store.project import PARTICLES
from particleforge.widgets.bench.colours import State as Kind
from particleforge.widgets.bench.state import State

LIMIT_MS = 20_000
SHAPE = (90, 110)
CENTRES = {1: (20, 20), 2: (20, 60), 3: (60, 30), 4: (60, 84), 5: (0, 100)}


@pytest.fixture
def labels():
    """Five discs; the last one is cut by the border."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    drawn = np.zeros(SHAPE, np.uint32)
    for number, (row, column) in CENTRES.items():
        drawn[(y - row) ** 2 + (x - column) ** 2 < 9**2] = number
    return drawn


@pytest.fixture
def folder(tmp_path, monkeypatch, labels):
    """A project of one image in which a detector has found five particles."""
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path / "home")
    project = tmp_path / "gold"
    project.mkdir()
    grey = np.random.default_rng(1).normal(90, 5, SHAPE) + 80.0 * (labels > 0)
    tifffile.imwrite(project / "a.tif", grey.clip(0, 255).astype(np.uint8))
    origin = Origin({number: 0.5 + number / 100 for number in CENTRES}, count=5, detector={"found": 5})
    write_particles(project / PARTICLES, "a", ImageParticles(labels, origin))
    return project


@pytest.fixture
def state(make_napari_viewer, folder, qtbot):
    return opened(make_napari_viewer(), folder, qtbot)


def opened(viewer, folder, qtbot):
    state = State(viewer)
    state.errors = []
    state.failed.connect(state.errors.append)
    state.open(folder)
    qtbot.waitUntil(lambda: state.work is not None, timeout=LIMIT_MS)
    return state


def saved(state, qtbot, act):
    with qtbot.waitSignal(state.work.saved, timeout=LIMIT_MS):
        act()


def contour(work, particle):
    """Values of the contour of a particle."""
    picture, labels = work.layers.contours.data, work.labels.data
    return set(np.unique(picture[labels == particle]).tolist())


def test_edits_are_saved_with_what_is_sure_and_teach(state, folder, qtbot, labels):
    work = state.work
    saved(state, qtbot, lambda: (work.confirm([1]), work.history.apply(split_by_line(labels, 4, (60, 70), (60, 99)))))
    found = read_particles(folder / PARTICLES, "a")
    assert found.origin.sure == {1, 4, 6} and found.origin.count == 6
    assert set(found.origin.scores) == {1, 2, 3, 5} and "sha256" in found.origin.image
    np.testing.assert_array_equal(found.labels, work.labels.data)
    (sample,) = read_annotated(folder / "annotations")
    assert set(np.unique(sample.labels)) == {0, 1, 4, 6} and not sample.background.any()
    state.end()


def test_what_the_detector_found_wrongly_is_background_when_it_comes_back(state, folder, qtbot, make_napari_viewer):
    saved(state, qtbot, lambda: (state.work.confirm([1, 2]), state.work.history.erase([3])))
    state.end()
    assert read_background(folder / PARTICLES, "a", SHAPE).sum() > 200
    (sample,) = read_annotated(folder / "annotations")
    assert sample.background.sum() > 200
    again = opened(make_napari_viewer(), folder, qtbot)
    assert again.work.sure == {1, 2} and again.work.strokes.data.any() and not again.work.history.can_undo
    assert read_particles(folder / PARTICLES, "a").origin.mended
    again.end()


def test_that_every_particle_is_there_is_kept_and_can_be_undone(state, folder, qtbot, make_napari_viewer):
    saved(state, qtbot, lambda: (state.work.confirm(CENTRES), state.work.set_complete(True)))
    assert read_annotated(folder / "annotations")[0].known is None
    assert state.work.needed.startswith("Confirm or draw 2 more")
    saved(state, qtbot, state.work.history.undo)
    assert not read_particles(folder / PARTICLES, "a").origin.complete
    assert read_annotated(folder / "annotations")[0].known is not None
    state.end()


def test_contours_show_what_is_known(state):
    work = state.work
    assert contour(work, 1) == {0, 1} and contour(work, 5) == {0, 4}
    work.confirm([1, 5])
    assert contour(work, 1) == {0, 2} and contour(work, 5) == {0, 12}
    work.select([1])
    assert contour(work, 1) == {25, 5}
    work.select([])
    work.doubt([2])
    assert contour(work, 2) == {0, 3} and contour(work, 1) == {0, 2}
    work.history.erase([2])
    assert not work.layers.contours.data[:40, 45:75].any()
    work.history.undo()
    assert contour(work, 2) == {0, 3}
    assert work.counts == {Kind.SURE: 2, Kind.DOUBTFUL: 1, Kind.FOUND: 2, Kind.NOT_COUNTED: 1}
    assert not work.layers.contours.data[work.labels.data == 0].any()
    state.end()


def test_the_table_follows_edits_and_the_selection_loses_what_is_gone(state, qtbot):
    work = state.work
    work.select([2, 3, 5])
    work.history.erase([2])
    assert work.selected == {3, 5}
    qtbot.waitUntil(lambda: 2 not in set(work.table["label"]), timeout=LIMIT_MS)
    assert work.selected == {3, 5}  # 5 is not counted, but still there
    assert len(work.table) == 4 and work.table["mean_intensity"].notna().all()
    state.end()


@pytest.fixture
def two(make_napari_viewer, folder, qtbot):
    """Two windows on the image; the first has saved that 1 is sure, the second has 2 and cannot save it."""
    states = [opened(make_napari_viewer(), folder, qtbot) for _ in range(2)]
    saved(states[0], qtbot, lambda: states[0].work.confirm([1]))
    with qtbot.waitSignal(states[1].work.failed, timeout=LIMIT_MS) as failed:
        states[1].work.confirm([2])
    assert isinstance(failed.args[0], ChangedElsewhere)
    yield states
    for state in states:
        state.end()


def test_another_window_is_noticed_and_can_be_replaced(two, folder, qtbot):
    assert read_particles(folder / PARTICLES, "a").origin.sure == {1}
    saved(two[1], qtbot, two[1].work.keep_mine)
    assert read_particles(folder / PARTICLES, "a").origin.sure == {2}
    assert read_particles(folder / PARTICLES / "originals", "a").origin.sure == {1}


def test_without_an_answer_both_are_on_disk_in_the_end(two, folder, tmp_path):
    two[1].end()
    assert read_particles(folder / PARTICLES, "a").origin.sure == {1}
    place = tmp_path / "home" / "ParticleForge" / "rescued" / "a-1"
    assert read_particles(place / PARTICLES, "a").origin.sure == {2}
    assert "saved in" in str(two[1].errors[-1]) and str(place) in str(two[1].errors[-1])


def test_what_cannot_be_saved_is_saved_elsewhere(state, folder, tmp_path, labels):
    (folder / PARTICLES / "background").write_text("in the way")
    state.work.history.erase([1])
    state.end()
    place = tmp_path / "home" / "ParticleForge" / "rescued" / "a-1"
    np.testing.assert_array_equal(read_particles(place / PARTICLES, "a").labels, np.where(labels == 1, 0, labels))
    assert (
        read_labels(folder / PARTICLES / "a.tif").max() == 5 and (read_labels(folder / PARTICLES / "a.tif") == 1).any()
    )
    assert str(place) in str(state.errors[-1])


def test_nothing_is_written_while_the_bench_is_hidden(state, folder, qtbot):
    before = (folder / PARTICLES / "a.tif").read_bytes()
    state.pause()
    state.work.labels.paint((40, 50), 9)
    qtbot.wait(1300)
    assert (folder / PARTICLES / "a.tif").read_bytes() == before
    saved(state, qtbot, state.resume)
    assert 9 in read_particles(folder / PARTICLES, "a").origin.sure
    state.end()


def test_nothing_is_written_for_looking(state, folder, qtbot):
    before = (folder / PARTICLES / "a.tif").read_bytes()
    state.work.select([1], move=True)
    state.work.doubt([2])
    qtbot.wait(1300)
    state.end()
    assert (folder / PARTICLES / "a.tif").read_bytes() == before and not (folder / "annotations").exists()
