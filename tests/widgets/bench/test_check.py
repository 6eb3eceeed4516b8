"""The widgets of the Check step."""

import numpy as np
import pytest
import tifffile
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from particleforge.store.particle_files import ImageParticles, Origin, read_particles, write_particles
from particleforge.store.project import PARTICLES
from particleforge.widgets.bench.bench import Bench

LIMIT_MS = 20_000
PLACES = ((10, 10), (10, 40), (30, 20), (30, 50), (55, 15), (55, 45), (0, 70))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A project of one image in which a detector has found seven particles."""
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path / "home")
    labels = np.zeros((70, 80), np.uint32)
    for number, (row, column) in enumerate(PLACES, start=1):
        labels[row : row + 8, column : column + 8] = number
    (tmp_path / "gold").mkdir()
    grey = np.random.default_rng(0).normal(90, 5, labels.shape) + 70.0 * (labels > 0)
    tifffile.imwrite(tmp_path / "gold" / "a.tif", grey.clip(0, 255).astype(np.uint8))
    origin = Origin({number: 0.9 - number / 100 for number in range(1, 8)}, count=7, detector={"found": 7})
    write_particles(tmp_path / "gold" / PARTICLES, "a", ImageParticles(labels, origin))
    return tmp_path / "gold"


@pytest.fixture
def opened(make_napari_viewer, folder, qtbot):
    """A function that opens a bench with its Check step in front."""
    benches = []

    def opened():
        viewer = make_napari_viewer()
        bench = Bench(viewer)
        viewer.window.add_dock_widget(bench, name="ParticleForge")
        benches.append(bench)
        bench.open(folder)
        qtbot.waitUntil(lambda: bench.state.work is not None, timeout=LIMIT_MS)
        bench.go_to("Check")
        return bench

    yield opened
    for bench in benches:
        bench.end()


def click(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    QApplication.processEvents()


def test_what_is_shown_follows_what_is_done(opened, qtbot):
    tab = opened().check
    assert "0 of 1 doubtful particle checked" in tab.queue.text.text()
    assert not tab.toolbar.undo.isEnabled() and tab.needed.text().startswith("Confirm or draw 6 whole")
    assert "1 not counted" in tab.legend.text() and tab.queue.all.text() == "Confirm all 7 particles"
    click(qtbot, tab.queue.next)
    assert tab.work.selected == {7} and "among the lowest" in tab.queue.text.text()
    click(qtbot, tab.queue.confirm)
    assert tab.work.sure == {7} and not tab.queue.next.isEnabled()
    assert tab.queue.all.text() == "Confirm the other 6 particles"
    click(qtbot, tab.queue.all)
    assert len(tab.work.sure) == 7 and tab.queue.all.text() == "All particles are confirmed"
    tab.complete.click()
    assert tab.work.history.marks.complete and not tab.strokes.isEnabled()
    qtbot.waitUntil(lambda: tab.kept.text() == "Saved.", timeout=LIMIT_MS)
    assert tab.needed.text() == "What is sure here is enough to teach a detector."
    for _ in range(3):
        click(qtbot, tab.toolbar.undo)
    assert not tab.work.sure and not tab.complete.isChecked() and not tab.toolbar.undo.isEnabled()
    click(qtbot, tab.toolbar.redo)
    assert tab.work.sure == {7}


def test_one_tool_at_a_time_and_a_second_press_puts_it_down(opened, qtbot):
    tab = opened().check
    for name, button in tab.toolbar.buttons.items():
        click(qtbot, button)
        assert [other for other, each in tab.toolbar.buttons.items() if each.isChecked()] == [name]
    click(qtbot, tab.strokes)
    assert tab.strokes.isChecked() and not any(each.isChecked() for each in tab.toolbar.buttons.values())
    tab.key_actions["brush"]()
    assert tab.toolbar.buttons["brush"].isChecked() and not tab.strokes.isChecked()
    tab.key_actions["brush"]()
    assert not tab.toolbar.buttons["brush"].isChecked()


def test_the_tool_stays_in_use_in_the_next_image(opened, qtbot, folder):
    tifffile.imwrite(folder / "b.tif", tifffile.imread(folder / "a.tif"))
    bench = opened()
    bench.check.key_actions["split"]()
    bench.state.work.history.erase([1])
    bench.state.step(1)
    qtbot.waitUntil(lambda: bench.state.work is not None and bench.state.work.name == "b", timeout=LIMIT_MS)
    assert bench.check.mending.tools.name == "split" and bench.check.toolbar.buttons["split"].isChecked()
    bench.state.work.labels.undo()  # napari's own, which still knows the image before
    assert not bench.state.work.labels.data.any()
    bench.go_to("Scale")
    bench.go_to("Check")
    assert not bench.check.mending.tools.name


def test_particles_are_hidden_and_filled(opened):
    bench = opened()
    layers = bench.state.work.layers
    bench.keys._actions["fill"]()
    assert layers.filled and layers.labels.opacity > 0
    bench.keys._actions["show"]()
    assert not layers.shown and not layers.filled and not layers.strokes.visible
    bench.keys._actions["show"]()
    assert layers.shown


def test_without_a_selection_confirm_says_what_to_do(opened):
    tab = opened().check
    tab.confirm()
    assert "Select a particle first" in tab.message.text() and not tab.work.sure


def test_the_next_step_is_sizes(opened, qtbot):
    bench = opened()
    click(qtbot, bench.check.go_on)
    assert bench._front is bench.sizes


@pytest.fixture
def two(opened, qtbot):
    """Two windows on the image; in the first 1 is sure, the second asks what to keep."""
    first, second = opened(), opened()
    with qtbot.waitSignal(first.state.work.saved, timeout=LIMIT_MS):
        first.state.work.confirm([1])
    second.state.work.confirm([2])
    qtbot.waitUntil(lambda: second.check.question.open, timeout=LIMIT_MS)
    return second


def test_what_another_window_has_saved_can_be_loaded(two, qtbot, folder, tmp_path):
    click(qtbot, two.check.question.buttons["Load what is saved"])
    qtbot.waitUntil(lambda: two.state.work is not None and two.state.work.sure == {1}, timeout=LIMIT_MS)
    places = list((tmp_path / "home" / "ParticleForge" / "rescued").iterdir())
    assert [place.name for place in places] == ["a-1"]
    assert read_particles(places[0] / PARTICLES, "a").origin.sure == {2}
    assert not two.check.question.open


def test_or_replaced(two, qtbot, folder):
    click(qtbot, two.check.question.buttons["Keep mine"])
    qtbot.waitUntil(lambda: read_particles(folder / PARTICLES, "a").origin.sure == {2}, timeout=LIMIT_MS)


def test_a_job_that_writes_does_not_lose_what_was_just_done(opened, qtbot, folder, tmp_path):
    bench = opened()
    found = read_particles(folder / PARTICLES, "a").labels
    bench.state.work.confirm([3])
    write_particles(folder / PARTICLES, "a", ImageParticles(np.where(found == 1, 0, found), Origin()))
    bench.state.reload(["a"])
    qtbot.waitUntil(lambda: bench.state.work is not None and 1 not in bench.state.work.history.places, timeout=LIMIT_MS)
    kept = tmp_path / "home" / "ParticleForge" / "rescued" / "a-1" / PARTICLES
    assert read_particles(kept, "a").origin.sure == {3}
