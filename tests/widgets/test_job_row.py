"""A job behind a button: progress, cancelling, errors, and what is left when the button goes."""

import gc
import os
import signal
import subprocess
import sys
import threading
import weakref

import psutil
import pytest
from qtpy.QtCore import QObject, QThread, Slot
from qtpy.QtWidgets import QApplication, QDialog

from particleforge.errors import UserError
from particleforge.jobs.messages import Task
from particleforge.store.dataset import Dataset
from particleforge.widgets.background import THREAD, Background
from particleforge.widgets.eta import Eta, duration
from particleforge.widgets.job_row import JobRow

LIMIT_MS = 60_000
ENDLESS = 100_000
RECIPE = {"kind": "shapes", "height_px": 48, "width_px": 48}


def drawing(out, count=6, recipe=RECIPE):
    params = {"count": count, "samples_per_shard": 1}
    return Task(
        call="particleforge.workflows.synthesize:synthesize", args={"recipe": recipe, "out": str(out)}, params=params
    )


@pytest.fixture
def row(qtbot):
    """A row that is shown."""
    widget = JobRow("Draw", "Stop")
    qtbot.addWidget(widget)
    widget.show()
    yield widget
    if widget.running:
        with qtbot.waitSignal(widget.stopped, timeout=LIMIT_MS):
            widget.cancel()


def ended(pid):
    """Whether a process has ended, if only its parent has not noticed yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def drawn(qtbot, row):
    """Wait until a sample is drawn."""
    with qtbot.waitSignal(row.advanced, timeout=LIMIT_MS, check_params_cb=lambda advance: advance.done > 0):
        pass


@pytest.mark.slow
def test_a_click_runs_a_job_and_its_result_comes_to_the_thread_of_qt(qtbot, row, tmp_path):
    class Ear(QObject):
        threads = []

        @Slot(object)
        def hear(self, _):
            self.threads.append(QThread.currentThread())

    ear, seen = Ear(), []
    row.advanced.connect(ear.hear)
    row.advanced.connect(lambda advance: seen.append((advance.done, row.bar.value(), row.button.text())))
    row.requested.connect(lambda: row.start(lambda: drawing(tmp_path / "made.zarr")))
    with qtbot.waitSignal(row.done, timeout=LIMIT_MS) as done:
        row.button.click()
        assert row.button.text() == "Stop" and row.bar.isVisible()
    assert done.args == [{"dataset": str(tmp_path / "made.zarr"), "samples": 6}]
    assert seen[-1] == (6, 1000, "Stop")
    assert set(ear.threads) == {QApplication.instance().thread()}
    assert row.button.text() == "Draw" and not row.bar.isVisible() and not row.running


def test_run_is_disabled_while_something_is_wrong(row):
    row.set_problem("Count = 0: too few.")
    assert not row.button.isEnabled() and row.missing.text() == "Count = 0: too few."
    row.set_problem(None)
    assert row.button.isEnabled() and not row.missing.isVisible()


def test_an_error_is_told_with_its_way_out_and_without_a_dialog(qtbot, row, tmp_path):
    with qtbot.waitSignal(row.failed, timeout=LIMIT_MS):
        row.start(lambda: drawing(tmp_path / "made.zarr", recipe={"kind": "shapes", "height_pxx": 48}))
    assert "height_pxx" in row.message.text() and "Did you mean 'height_px'?" in row.message.text()
    assert row.message.isVisible() and row.button.isEnabled()
    assert not [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, QDialog)]


def test_an_error_before_the_job_is_told_alike(qtbot, row):
    def prepare():
        raise UserError("The disk is full.", "Make room.")

    with qtbot.waitSignal(row.failed, timeout=LIMIT_MS):
        row.start(prepare)
    assert row.message.text() == "The disk is full. Make room." and not row.running


@pytest.mark.slow
def test_a_job_that_is_cancelled_keeps_what_it_wrote(qtbot, row, tmp_path):
    row.start(lambda: drawing(tmp_path / "made.zarr", ENDLESS))
    drawn(qtbot, row)
    pid = row.pid
    with qtbot.waitSignal(row.stopped, timeout=LIMIT_MS):
        row.button.click()
        assert not row.button.isEnabled() and row.bar.format() == "Stopping"
    assert row.message.text() == "Stopped." and row.button.isEnabled()
    qtbot.waitUntil(lambda: ended(pid), timeout=LIMIT_MS)
    assert 0 < len(Dataset.open(tmp_path / "made.zarr").missing_shards()) < ENDLESS


def test_cancelling_while_the_job_is_prepared_starts_none(qtbot, row, tmp_path):
    go_on, prepared = threading.Event(), threading.Event()

    def prepare():
        go_on.wait(30)
        prepared.set()
        return drawing(tmp_path / "made.zarr")

    row.start(prepare)
    with qtbot.waitSignal(row.stopped):
        row.button.click()
    go_on.set()
    qtbot.waitUntil(prepared.is_set)
    qtbot.wait(50)
    assert row.pid is None and not (tmp_path / "made.zarr").exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_killed_child_becomes_a_sentence_and_the_next_run_works(qtbot, row, tmp_path):
    row.start(lambda: drawing(tmp_path / "made.zarr", ENDLESS))
    drawn(qtbot, row)
    with qtbot.waitSignal(row.failed, timeout=LIMIT_MS):
        os.kill(row.pid, signal.SIGKILL)
    assert "SIGKILL" in row.message.text() and "Memory" in row.message.text()
    with qtbot.waitSignal(row.done, timeout=LIMIT_MS):
        row.start(lambda: drawing(tmp_path / "other.zarr"))


@pytest.mark.slow
def test_a_job_ends_with_its_row(qtbot, tmp_path):
    before = set(threading.enumerate())
    row = JobRow()
    row.start(lambda: drawing(tmp_path / "made.zarr", ENDLESS))
    drawn(qtbot, row)
    pid = row.pid
    row.deleteLater()
    del row
    qtbot.waitUntil(lambda: ended(pid), timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: not set(threading.enumerate()) - before, timeout=LIMIT_MS)


def test_only_the_last_answer_counts(qtbot):
    background, answers, go_on = Background(), [], threading.Event()
    told = []
    background.done.connect(answers.append)

    def slow(outdated):
        go_on.wait(30)
        told.append(outdated())
        return "old"

    background.run(slow)
    with qtbot.waitSignal(background.done):
        background.run(lambda outdated: "new")
    go_on.set()
    qtbot.waitUntil(lambda: told == [True])
    qtbot.wait(50)
    assert answers == ["new"]


def test_a_frame_that_somebody_kept_keeps_no_background_alive(qtbot):
    background, frames = Background(), []
    gone = weakref.ref(background)
    with qtbot.waitSignal(background.done):
        background.run(lambda outdated: frames.append((outdated, sys._getframe())))
    del background
    qtbot.waitUntil(lambda: THREAD not in {thread.name for thread in threading.enumerate()}, timeout=LIMIT_MS)
    gc.collect()
    assert frames[0][1].f_back is not None and gone() is None


@pytest.mark.parametrize("finishes", [False, True])
def test_the_program_waits_for_its_end_only_where_files_are_written(tmp_path, finishes):
    code = f"""
import time
from pathlib import Path
from qtpy.QtCore import QCoreApplication
from particleforge.widgets.background import Background
app = QCoreApplication([])
def work(outdated):
    time.sleep({1 if finishes else 600})
    Path({str(tmp_path / "written")!r}).touch()
background = Background(finishes={finishes})
background.run(work)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=LIMIT_MS / 1000)
    assert (tmp_path / "written").exists() == finishes


def test_time_left_is_told_from_the_speed_since_the_first_report():
    now = iter([0.0, 10.0, 20.0, 30.0])
    eta = Eta(lambda: next(now))
    assert eta.left_s(2, 10) is None
    assert eta.left_s(4, 10) == pytest.approx(30)
    assert eta.left_s(6, 10) == pytest.approx(20)
    assert eta.left_s(10, 10) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3, "a few seconds"), (44, "about 40 s"), (300, "about 5 min"), (9000, "about 2.5 h")],
)
def test_time_in_words(seconds, words):
    assert duration(seconds) == words
