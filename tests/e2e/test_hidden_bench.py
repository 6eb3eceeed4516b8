"""A bench that is hidden is paused."""

import threading

import numpy as np
import tifffile
from napari._app_model import get_app_model
from qtpy.QtWidgets import QApplication

from particleforge.store.particle_files import ImageParticles, Origin, read_particles, write_particles
from particleforge.store.project import PARTICLES
from particleforge.widgets.bench.bench import Bench

LIMIT_MS = 60_000
SETTLED_MS = 2_000


def choose_in_menu():
    """Choose the bench in the Plugins menu, as napari does: it opens, hides or shows it."""
    get_app_model().commands.execute_command("napari-particleforge.bench").result()
    QApplication.processEvents()


def test_nothing_happens_while_the_bench_is_hidden(make_napari_viewer, mouse, qtbot, discs, tmp_path, workspace):
    folder = tmp_path / "gold"
    folder.mkdir()
    grey, labels = discs
    tifffile.imwrite(folder / "a.tif", grey)
    write_particles(
        folder / PARTICLES, "a", ImageParticles(labels.astype(np.uint32), Origin(dict.fromkeys((1, 2, 3), 0.9)))
    )
    viewer = make_napari_viewer(show=True)
    choose_in_menu()
    bench = next(dock.inner_widget() for dock in viewer.window._wrapped_dock_widgets.values())
    assert isinstance(bench, Bench)
    bench.open(folder)
    qtbot.waitUntil(lambda: bench.state.work is not None, timeout=LIMIT_MS)
    bench.go_to("Check")
    work, saved = bench.state.work, folder / PARTICLES / "a.tif"
    work.labels.paint((10, 75), 7)
    choose_in_menu()
    assert not bench.isVisible() and bench.paused
    assert 7 in read_particles(folder / PARTICLES, "a").origin.sure, "what was changed before is saved at once"
    before, threads, layers = saved.read_bytes(), set(threading.enumerate()), len(viewer.layers)

    work.labels.paint((110, 20), 8)
    mouse(viewer).click((90, 40))
    viewer.add_image(np.roll(grey, 9), name="b")
    qtbot.wait(SETTLED_MS)
    assert saved.read_bytes() == before and len(viewer.layers) == layers + 1
    assert bench.state.work is work and not (set(threading.enumerate()) - threads)

    viewer.layers.selection.active = work.image
    choose_in_menu()
    assert bench.isVisible() and not bench.paused
    qtbot.waitUntil(lambda: saved.read_bytes() != before, timeout=LIMIT_MS)
    bench.end()
    assert set(np.unique(read_particles(folder / PARTICLES, "a").labels)) == {0, 1, 2, 3, 7, 8}
