"""The button that follows the particles of a movie in the bench."""

import numpy as np
import pytest
import tifffile
from napari.layers import Tracks

from particleforge.store.particle_files import ImageParticles, Origin, write_particles
from particleforge.store.project import PARTICLES, Project
from particleforge.widgets.bench.bench import Bench

LIMIT_MS = 300_000


@pytest.mark.slow
def test_the_movie_is_shown_with_its_tracks(make_napari_viewer, tmp_path, monkeypatch, qtbot):
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path / "home")
    folder = tmp_path / "cell"
    folder.mkdir()
    rows, columns = np.mgrid[:60, :80]
    labels = np.zeros((3, 60, 80), np.uint32)
    for frame in range(3):
        for label, (y, x) in enumerate([(15, 15), (15, 55), (42, 30 + 2 * frame)], 1):
            labels[frame][(rows - y) ** 2 + (columns - x) ** 2 <= (6 + frame / 2) ** 2] = label
    movie = np.where(labels > 0, 180, 60).astype(np.uint8)
    about = {"axes": "TYX", "finterval": 2.0, "unit": "nm"}
    tifffile.imwrite(folder / "run.tif", movie, imagej=True, resolution=(1, 1), metadata=about)
    for name, frame in zip(Project(folder).names, labels, strict=True):
        write_particles(folder / PARTICLES, name, ImageParticles(frame, Origin(count=3)))
    viewer = make_napari_viewer()
    bench = Bench(viewer)
    viewer.window.add_dock_widget(bench, name="ParticleForge")
    bench.open(folder)
    qtbot.waitUntil(lambda: bench.state.work is not None, timeout=LIMIT_MS)
    bench.go_to("Sizes")
    row = bench.sizes.tracks
    assert not row.isHidden()
    with qtbot.waitSignal(row.reported, timeout=LIMIT_MS) as reported:
        row.button.click()
    assert "3 tracks in 3 frames" in reported.args[0]
    (tracks,) = (layer for layer in viewer.layers if isinstance(layer, Tracks))
    assert len(np.unique(tracks.data[:, 0])) == 3 and tuple(tracks.scale)[-3:] == (2.0, 1.0, 1.0)
    assert [layer.name for layer in viewer.layers if layer.visible] == ["run", "run particles", "run tracks"]
    bench.end()


def test_projects_of_single_images_do_not_offer_it(make_napari_viewer, gold, qtbot):
    bench = Bench(make_napari_viewer())
    qtbot.addWidget(bench)
    bench.open(gold)
    bench.go_to("Sizes")
    assert bench.sizes.tracks.isHidden()
    bench.end()
