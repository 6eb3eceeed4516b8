"""Find, confirm, teach, find again: by the buttons of the bench, with real detectors and a real training."""

from pathlib import Path
from time import monotonic

import pytest
import tifffile
from qtpy.QtCore import QTimer

import particleforge
from particleforge.store.particle_files import read_origin
from particleforge.store.project import PARTICLES, Project
from particleforge.widgets.bench.bench import Bench
from particleforge.workflows.learn import LearnParams

LIMIT_MS = 150_000
SPHERES = Path(particleforge.__file__).parent / "sample_data" / "spheres" / "more" / "images"
SIDE_PX = 192


@pytest.fixture
def bench(make_napari_viewer, tmp_path, workspace):
    """The bench with two small micrographs, as it is a moment after opening the folder."""
    folder = tmp_path / "gold"
    folder.mkdir()
    for file in sorted(SPHERES.iterdir())[:2]:
        tifffile.imwrite(folder / file.name, tifffile.imread(file)[:SIDE_PX, :SIDE_PX])
    viewer = make_napari_viewer(show=True)
    made = Bench(viewer)
    viewer.window.add_dock_widget(made, name="ParticleForge")
    made.open(folder)
    yield made
    made.end()


def shown(bench, qtbot):
    qtbot.waitUntil(lambda: bench.state.work is not None, timeout=LIMIT_MS)


def found(bench, qtbot):
    """Wait until a search has ended and its outcome is shown."""
    page = bench.finding.page
    qtbot.waitUntil(lambda: page.running is None and not page.row.running, timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: not bench.finding.known._due, timeout=LIMIT_MS)
    shown(bench, qtbot)


def taught(bench, qtbot, minutes):
    """Find particles, confirm all of the image that is shown, and begin to teach."""
    page, teaching = bench.finding.page, bench.finding.teaching
    shown(bench, qtbot)
    page.row.button.click()
    found(bench, qtbot)
    with qtbot.waitSignal(bench.state.work.saved, timeout=LIMIT_MS):
        bench.state.work.set_complete(True)
    page.teach.click()
    qtbot.waitUntil(lambda: teaching.row.button.isEnabled() and bool(teaching.examples), timeout=LIMIT_MS)
    teaching.form.set_params(LearnParams(minutes=minutes))
    with qtbot.waitSignal(
        teaching.row.advanced, timeout=LIMIT_MS, check_params_cb=lambda advance: "step" in advance.message
    ):
        teaching.row.button.click()
    return teaching


def test_a_taught_detector_is_used_and_compared_with_the_one_before(bench, qtbot):
    teaching, page = taught(bench, qtbot, minutes=0.2), bench.finding.page
    bench.go_to("Check")  # the training goes on
    gaps, last = [], [monotonic()]

    def beat():
        gaps.append(monotonic() - last[0])
        last[0] = monotonic()

    timer = QTimer(bench)
    timer.timeout.connect(beat)
    timer.start(20)
    qtbot.waitUntil(lambda: teaching.running is None, timeout=LIMIT_MS)
    timer.stop()
    found(bench, qtbot)
    assert sorted(gaps)[len(gaps) // 2] < 0.05
    bench.go_to("Find")
    qtbot.waitUntil(lambda: page.comparison.isVisible(), timeout=LIMIT_MS)
    project = Project(bench.state.project.folder)
    assert project.contents.detector == "models/detector-1"
    assert "before" in page.comparison.message.text() and "sure particles found" in page.comparison.message.text()
    origins = [read_origin(project.folder / PARTICLES, name) for name in project.names]
    assert all(origin.detector["name"] == "detector-1" for origin in origins)
    assert origins[0].complete and len(origins[0].sure) == origins[0].count
    with qtbot.waitSignal(bench.finding.wanted) as wanted:
        page.sizes.click()
    assert wanted.args == ["Sizes"] and bench._front is bench.sizes


def test_a_training_that_was_stopped_by_closing_goes_on(bench, qtbot):
    teaching = taught(bench, qtbot, minutes=5)
    folder = bench.state.project.folder
    bench.end()
    qtbot.waitUntil(lambda: not teaching.row.running, timeout=LIMIT_MS)
    again = Bench(bench.state.viewer)
    qtbot.addWidget(again)
    again.show()
    again.open(folder)
    shown(again, qtbot)
    again.finding.page.teach.click()
    page = again.finding.teaching
    qtbot.waitUntil(lambda: page.resume.isVisible(), timeout=LIMIT_MS)
    assert page.resume.text() == "Resume detector-1"
    with qtbot.waitSignal(
        page.row.advanced, timeout=LIMIT_MS, check_params_cb=lambda advance: "step" in advance.message
    ):
        page.resume.click()
    page.row.button.click()
    qtbot.waitUntil(lambda: not page.row.running, timeout=LIMIT_MS)
    again.end()
