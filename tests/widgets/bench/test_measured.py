"""The table of the particles that are worked on: selection, edits and scale."""

import numpy as np
import pandas as pd
import pytest
import tifffile
from napari.layers import Image, Labels

from particleforge.measurement.borders.keep_all import KeepAll
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.rules import Rules
from particleforge.store.particle_files import ImageParticles, Origin, write_particles
from particleforge.store.project import PARTICLES, Project
from particleforge.widgets.bench.check.history import History, Marks
from particleforge.widgets.bench.check.watched import Watched
from particleforge.widgets.bench.loaded import load
from particleforge.widgets.bench.measured import REMEASURE_MS, Measured

LIMIT_MS = 30_000
ALL = Rules(border=KeepAll())
SCORES = {2: 0.3, 3: 0.9, 5: 0.9, 6: 0.9, 8: 0.9, 9: 0.9}
GREY = np.arange(100 * 120, dtype=np.uint16).reshape(100, 120)


def discs():
    """Six discs of rising size; the last is cut by the border. Ids have gaps."""
    y, x = np.mgrid[:100, :120]
    labels = np.zeros((100, 120), np.uint32)
    for number, (row, column, radius) in {
        2: (12, 12, 4),
        3: (12, 40, 6),
        5: (15, 80, 8),
        6: (50, 20, 10),
        8: (50, 70, 12),
        9: (98, 100, 14),
    }.items():
        labels[(y - row) ** 2 + (x - column) ** 2 <= radius**2] = number
    return labels


@pytest.fixture
def made(qapp, tmp_path):
    """A function that measures the discs by rules, with pixels of a size; the layers may have another one."""
    every = []

    def make(rules=ALL, size_nm=None, layer_nm=None):
        tifffile.imwrite(tmp_path / "discs.tif", GREY)
        write_particles(tmp_path / PARTICLES, "discs", ImageParticles(discs(), Origin(SCORES, count=6)))
        project = Project(tmp_path)
        if size_nm is not None:
            project.set(["discs"], pixel_size_nm=size_nm)
        loaded = load(project, "discs", rules)
        side = layer_nm or size_nm
        place = {} if side is None else {"scale": (side, side), "units": ("nm", "nm")}
        layer, strokes = Labels(loaded.particles.labels, **place), Labels(np.zeros(GREY.shape, np.uint8), **place)
        watched = Watched(layer, loaded.seen), Watched(strokes, np.zeros(GREY.shape, np.uint8))
        history = History(*watched, loaded.places, Marks(frozenset()))
        found = Measured(history, loaded, rules, Image(GREY, **place))
        found.history = history
        every.append((found, history))
        return found

    yield make
    for found, history in every:
        if found.history is not None:
            found.release()
        history.release()


@pytest.fixture
def particles(made):
    """Particles with pixels of 2 nm."""
    return made(size_nm=2.0)


def test_row_i_of_the_features_is_label_i(particles):
    rows = particles.layer.features
    assert rows["label"].tolist() == list(range(10))
    assert rows["ecd_nm"].notna().tolist() == [number in SCORES for number in range(10)]
    assert rows["ecd_nm"][8] == pytest.approx(2 * np.sqrt(4 * (discs() == 8).sum() / np.pi))
    assert particles.pixel_size_nm == 2


def test_the_label_picked_in_napari_is_selected(particles, qtbot):
    with qtbot.waitSignal(particles.selection_changed):
        particles.layer.selected_label = 6
    assert particles.selected == {6}
    with qtbot.assertNotEmitted(particles.selection_changed):
        particles.layer.selected_label = 7  # not a particle


def test_an_erased_particle_is_gone_everywhere_and_undo_brings_it_back(particles, qtbot):
    before = particles.table
    particles.select([6])
    with qtbot.waitSignal(particles.changed, timeout=LIMIT_MS):
        particles.history.erase([6])
    assert 6 not in particles.layer.data and particles.selected == frozenset()
    assert particles.table["label"].tolist() == [2, 3, 5, 8, 9]
    assert np.isnan(particles.layer.features["ecd_nm"][6])
    with qtbot.assertNotEmitted(particles.changed, wait=2 * REMEASURE_MS):
        particles.select([3])  # a selection is not an edit
    with qtbot.waitSignal(particles.changed, timeout=LIMIT_MS):
        particles.history.undo()
    same = ["label", "ecd_nm", "score", "touches_border", "mean_intensity"]
    pd.testing.assert_frame_equal(particles.table[same], before[same])


def test_painting_measures_again_and_keeps_the_scores(particles, qtbot):
    layer = particles.layer
    layer.selected_label, layer.brush_size = 12, 9
    with qtbot.waitSignal(particles.changed, timeout=LIMIT_MS):
        layer.paint((75, 60), 12)
    assert particles.table["label"].tolist() == [2, 3, 5, 6, 8, 9, 12]
    assert particles.table.set_index("label")["score"][[2, 12]].tolist() == pytest.approx([0.3, np.nan], nan_ok=True)
    assert len(layer.features) == 13


def test_the_table_is_that_of_measuring_the_layer(particles, qtbot):
    with qtbot.waitSignal(particles.changed, timeout=LIMIT_MS):
        particles.history.erase([2, 9])
    scores = {number: score for number, score in SCORES.items() if number not in (2, 9)}
    expected = measure_particles(
        particles.layer.data, image="discs", pixel_size_nm=2.0, intensity=GREY, scores=scores, rules=ALL
    )
    pd.testing.assert_frame_equal(particles.table, expected)


def test_nothing_is_measured_after_release(made, qtbot):
    found = made()
    history, found.history = found.history, None
    found.release()
    with qtbot.assertNotEmitted(found.changed, wait=500):
        history.erase([2])


def test_what_prevents_measuring_again_is_reported(made, qtbot):
    found = made(Rules(gap="5 nm"), size_nm=2.0)
    with qtbot.waitSignal(found.failed, timeout=LIMIT_MS) as failed:
        found.layer.units = "pixel"
    assert "A gap between touching particles of 5 nm needs a known pixel size." in str(failed.args[0])


def test_the_scale_of_the_layer_is_followed_at_once_and_masses_soon_after(made, qtbot):
    rules = Rules(border=KeepAll(), density_g_cm3=2.0)
    found = made(rules)
    layer = found.layer
    assert found.pixel_size_nm is None and "ecd_nm" not in found.table
    layer.scale, layer.units = (2, 2), ("nm", "nm")
    expected = measure_particles(discs(), image="discs", pixel_size_nm=2.0, rules=rules)
    np.testing.assert_allclose(found.table["area_nm2"], expected["area_nm2"])
    np.testing.assert_allclose(found.counted["ecd_nm"], expected["ecd_nm"])
    qtbot.waitUntil(lambda: "mass_fg" in found.table, timeout=LIMIT_MS)
    np.testing.assert_allclose(found.table["mass_fg"], expected["mass_fg"])
    layer.units = ("pixel", "pixel")
    assert found.pixel_size_nm is None and not {"ecd_nm", "mass_fg"} & set(found.table)


def test_a_scale_set_while_measuring_is_followed(made):
    found = made(layer_nm=3.0)
    np.testing.assert_allclose(found.table["ecd_nm"], 3 * found.table["ecd_px"])
