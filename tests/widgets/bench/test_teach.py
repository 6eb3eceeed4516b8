"""Teaching a detector in the step Find: what is learned from, what runs, and what follows."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile
import yaml
from napari.components import ViewerModel
from qtpy.QtCore import Qt

from particleforge.jobs.messages import Advance, Result, Stopped
from particleforge.models.card import LOG
from particleforge.store.particle_files import ImageParticles, Origin, write_particles
from particleforge.store.project import ANNOTATIONS, PARTICLES, Project
from particleforge.store.teaching import save_teaching, teaching_images
from particleforge.widgets.bench.find.comparison import change_words, changes
from particleforge.widgets.bench.find.tab import FindTab
from particleforge.widgets.bench.find.teach_tasks import new_teaching, resumed_teaching
from particleforge.widgets.bench.state import State
from particleforge.widgets.job_row import JobSignals
from particleforge.workflows.find import SURE, find
from particleforge.workflows.learn import LearnParams, learn

LIMIT_MS = 60_000
SIDE_PX = 96


def labelled(seed):
    """An image with nine bright discs, and their labels."""
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX]
    labels = np.zeros((SIDE_PX, SIDE_PX), np.uint32)
    for number in range(9):
        labels[(y - 16 - 32 * (number // 3)) ** 2 + (x - 16 - 32 * (number % 3)) ** 2 < 81] = number + 1
    grey = np.random.default_rng(seed).normal(60, 4, labels.shape) + 120 * (labels > 0)
    return grey.clip(0, 255).astype(np.uint8), labels


def sure_of(folder, name, ids, complete=False, background=True):
    """Particles of an image that a detector has found, some of them confirmed, as the step Check writes them."""
    labels = labelled(0)[1]
    origin = Origin(dict.fromkeys(range(1, 10), 0.9), frozenset(ids), {}, {"name": "base", "found": 9}, 9, "", complete)
    write_particles(folder / PARTICLES, name, ImageParticles(labels, origin))
    strokes = np.zeros(labels.shape, bool)
    strokes[:, 28:36] = background
    save_teaching(Project(folder), name, labels, frozenset(ids), strokes & (labels == 0), complete=complete)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path / "home")
    (tmp_path / "gold").mkdir()
    for number in range(3):
        tifffile.imwrite(tmp_path / "gold" / f"g{number}.tif", labelled(number)[0])
    return tmp_path / "gold"


@pytest.fixture
def tab(qtbot, folder):
    made = FindTab(State(ViewerModel()))
    qtbot.addWidget(made)
    made.show()
    yield made
    made.end()
    made.state.close()


def opened(tab, qtbot, folder):
    """Open the project, and the page."""
    tab.state.open(folder)
    qtbot.waitUntil(lambda: tab.state.work is not None, timeout=LIMIT_MS)
    tab.page.teach.click()
    qtbot.waitUntil(lambda: tab.teaching._project is tab.state.project, timeout=LIMIT_MS)
    return tab.teaching


@pytest.fixture
def jobs(monkeypatch):
    """The jobs that were started: pairs of their signals and their task; nothing runs."""
    started = []

    def start(signals, task):
        started.append((signals, task))
        return SimpleNamespace(cancel=lambda: None, pid=None)

    monkeypatch.setattr(JobSignals, "start", start)
    return started


def test_without_sure_particles_the_way_leads_to_check(tab, qtbot, folder):
    page = opened(tab, qtbot, folder)
    assert page.first.isVisible() and not page.row.button.isVisible() and not page.lessons.isVisible()
    with qtbot.waitSignal(tab.wanted) as wanted:
        page.first.click()
    assert wanted.args == ["Check"]
    page.back.click()
    assert tab.pages.currentIndex() == 0


def test_images_with_sure_particles_are_listed_and_ticked(tab, qtbot, folder):
    sure_of(folder, "g0", [1, 2, 3, 4])
    sure_of(folder, "g2", range(1, 10), complete=True)
    page = opened(tab, qtbot, folder)
    items = [page.lessons.topLevelItem(row) for row in range(page.lessons.topLevelItemCount())]
    assert [[item.text(column) for column in range(3)] for item in items] == [
        ["g0", "4", "brushed"],
        ["g2", "9", "all else"],
    ]
    assert page.row.button.text() == "Teach from 13 particles" and page.row.button.isEnabled()
    assert not page.needed.isVisible()
    items[1].setCheckState(0, Qt.CheckState.Unchecked)
    assert not Project(folder)["g2"].teaches and page.row.button.text() == "Teach from 4 particles"
    assert page.needed.text == "2 more whole particles would help; about 6 are a start."
    items[0].setCheckState(0, Qt.CheckState.Unchecked)
    assert page.needed.text == "Tick an image to learn from." and not page.row.button.isEnabled()


def test_without_background_nothing_can_be_learned(tab, qtbot, folder):
    sure_of(folder, "g0", [1, 2, 3, 4], background=False)
    page = opened(tab, qtbot, folder)
    assert "Brush some background" in page.needed.text and not page.row.button.isEnabled()
    assert not page.row.missing.isVisible()


def test_labels_of_another_program_teach_as_well(tab, qtbot, folder, jobs):
    (folder / PARTICLES).mkdir()
    tifffile.imwrite(folder / PARTICLES / "g1.tif", labelled(1)[1])
    page = opened(tab, qtbot, folder)
    assert page.lessons.topLevelItem(0).text(2) == "all else"
    page.row.button.click()
    qtbot.waitUntil(lambda: bool(jobs), timeout=LIMIT_MS)
    assert teaching_images(Project(folder))["g1"].particles == 9
    assert jobs[0][1].call == learn.reference
    jobs[0][0].ended.emit(Stopped())


def test_a_name_that_is_taken_is_a_problem(tab, qtbot, folder):
    sure_of(folder, "g0", range(1, 10), complete=True)
    page = opened(tab, qtbot, folder)
    assert page.name.text() == "detector-1" and page.row.button.isEnabled()
    (folder / "models" / "mine").mkdir(parents=True)
    page.name.setText("mine")
    assert "already exists" in page.row.missing.text() and not page.row.button.isEnabled()


def test_a_stopped_training_goes_on_or_is_used(tab, qtbot, folder, jobs):
    sure_of(folder, "g0", range(1, 10), complete=True)
    page = opened(tab, qtbot, folder)
    page.form.set_params(LearnParams(minutes=2.0))
    page.row.button.click()
    qtbot.waitUntil(lambda: len(jobs) == 1, timeout=LIMIT_MS)
    signals, task = jobs[0]
    assert task.args == {"project": str(folder), "out": "detector-1"} and task.params["minutes"] == 2.0
    assert not page.lessons.isVisible() and page.row.button.text() == "Stop"

    out = folder / "models" / "detector-1"
    out.mkdir(parents=True)
    for name in ("config.json", "checkpoint.pt"):
        (out / name).touch()
    note = {"folder": str((folder / ANNOTATIONS).resolve()), "annotated": ["a"], **task.params}
    (out / "run.yaml").write_text(yaml.safe_dump(note))
    (out / LOG).write_text("step,seconds,train_loss,held_out_loss,held_out_f1\n1,30,2,1.5,0.4\n2,60,1,1.2,0.8\n")
    page.training.refresh()
    signals.advanced.emit(Advance(done=0.5))
    assert page.training.loss.isVisible() and "F1 so far 0.80" in page.training.score.text()
    page.row.cancel()
    signals.ended.emit(Stopped())
    qtbot.waitUntil(lambda: page.resume.isVisible(), timeout=LIMIT_MS)
    assert page.resume.text() == "Resume detector-1" and page.use.isVisible() and page.name.text() == "detector-2"

    page.resume.click()
    qtbot.waitUntil(lambda: len(jobs) == 2, timeout=LIMIT_MS)
    assert jobs[1][1].args == task.args and jobs[1][1].params == task.params
    jobs[1][0].ended.emit(Stopped())
    qtbot.waitUntil(lambda: page.use.isVisible(), timeout=LIMIT_MS)
    page.use.click()
    qtbot.waitUntil(lambda: len(jobs) == 3, timeout=LIMIT_MS)
    assert jobs[2][1].call == find.reference and tab.pages.currentIndex() == 0
    assert Project(folder).contents.detector == "models/detector-1"
    jobs[2][0].ended.emit(Stopped())


def test_a_taught_detector_finds_again_and_is_compared(tab, qtbot, folder, jobs):
    sure_of(folder, "g0", range(1, 10), complete=True)
    page = opened(tab, qtbot, folder)
    page.row.button.click()
    qtbot.waitUntil(lambda: len(jobs) == 1, timeout=LIMIT_MS)
    out = folder / "models" / "detector-1"
    out.mkdir(parents=True)
    (out / "config.json").touch()
    tab.hide()  # another step is in front
    jobs[0][0].ended.emit(Result(value={"model": str(out)}))
    qtbot.waitUntil(lambda: len(jobs) == 2, timeout=LIMIT_MS)
    signals, task = jobs[1]
    assert task.args["only"] == ["g0"] and Path(tab.page.model.value()) == out
    origin = Origin({}, frozenset(range(1, 10)), {SURE: {"found": 8, "of": 9}}, {"found": 0}, 11)
    write_particles(folder / PARTICLES, "g0", ImageParticles(labelled(0)[1], origin))
    signals.advanced.emit(Advance(done=1, total=1, message="g0: 11 particles"))
    signals.ended.emit(Result(value={}))
    tab.show()
    qtbot.waitUntil(lambda: not tab.page.comparison.isHidden(), timeout=LIMIT_MS)
    assert "9 particles before, 11 now in 1 image. 8 of 9 sure particles" in tab.page.comparison.message.text()
    item = tab.page.comparison.table.topLevelItem(0)
    assert [item.text(column) for column in range(4)] == ["g0", "9", "11", "8 of 9"]


def test_what_has_changed_is_counted_over_images_searched_before():
    made = changes({"a": 5}, {"a": Origin(count=7), "b": Origin(count=9)})
    assert change_words(made) == "5 particles before, 7 now in 1 image."


def test_a_training_goes_on_with_what_it_was_started_with(folder):
    project = Project(folder)
    task = new_teaching(project, "mine", LearnParams(minutes=3, start="scratch"))
    out = folder / "models" / "mine"
    out.mkdir(parents=True)
    (out / "run.yaml").write_text(yaml.safe_dump({"folder": "x", "annotated": ["a"], **task.params}))
    assert resumed_teaching(project, out) == task
