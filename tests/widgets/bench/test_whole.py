"""Whole particles that overlap, in the Check step."""

import numpy as np
import pytest
import tifffile
from napari.layers import Labels, Shapes

from particleforge.mask import Mask
from particleforge.store.particle_files import ImageParticles, Origin, particle_file, write_particles
from particleforge.store.project import PARTICLES
from particleforge.store.whole_masks import write_whole
from particleforge.widgets.bench.bench import Bench
from particleforge.widgets.bench.check.whole_row import LABELS, NOT, OUTLINES

BELOW, ABOVE = np.zeros((2, 40, 50), bool)
BELOW[18:22, 5:45], ABOVE[4:36, 22:28] = True, True


@pytest.fixture
def bench(make_napari_viewer, tmp_path, monkeypatch, qtbot):
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path / "home")
    folder = tmp_path / "rods"
    folder.mkdir()
    labels = np.where(ABOVE, 2, BELOW).astype(np.uint32)
    about = {"resolution": (1e7 / 2, 1e7 / 2), "resolutionunit": "CENTIMETER"}  # 2 nm
    tifffile.imwrite(folder / "a.tif", (60 + 90 * (labels > 0)).astype(np.uint8), **about)
    write_particles(folder / PARTICLES, "a", ImageParticles(labels, Origin({1: 0.8, 2: 0.9}, count=2)))
    write_whole(particle_file(folder / PARTICLES, "a"), labels, {1: Mask.of(BELOW), 2: Mask.of(ABOVE)})
    viewer = make_napari_viewer()
    bench = Bench(viewer)
    viewer.window.add_dock_widget(bench, name="ParticleForge")
    bench.open(folder)
    qtbot.waitUntil(lambda: bench.state.work is not None, timeout=20_000)
    bench.go_to("Check")
    yield bench
    bench.end()


def choose(bench, text):
    bench.check.whole.choice.setCurrentText(text)
    bench.check.whole.choice.activated.emit(bench.check.whole.choice.currentIndex())
    return bench.check.whole.layer


def test_they_are_shown_as_the_user_chooses(bench):
    row, work = bench.check.whole, bench.state.work
    assert not row.isHidden() and row.layer is None
    assert work.table["feret_max_px"].tolist() == pytest.approx([40, 32], abs=2)
    shapes = choose(bench, OUTLINES)
    assert isinstance(shapes, Shapes) and len(shapes.data) == 2
    assert shapes.features["label"].tolist() == [1, 2]
    np.testing.assert_allclose(shapes.data[0].min(0), [17.5, 4.5], atol=0.6)
    labels = choose(bench, LABELS)
    assert shapes not in work.viewer.layers and isinstance(labels, Labels)
    np.testing.assert_array_equal(np.asarray(labels.data) == 1, BELOW)
    for layer in (shapes, labels):
        np.testing.assert_allclose(layer.scale, work.image.scale)
        np.testing.assert_allclose(layer.translate, work.image.translate)
        assert layer.units == work.image.units
    choose(bench, NOT)
    assert labels not in work.viewer.layers


def test_an_edited_particle_is_no_longer_shown_as_a_whole(bench):
    work = bench.state.work
    work.particles.select({2})
    bench.check.remove()
    assert choose(bench, OUTLINES).features["label"].tolist() == [1]
