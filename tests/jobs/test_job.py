"""Jobs with real children."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest

from particleforge.errors import Cancelled, UserError
from particleforge.jobs.job import Job, JobError, died
from particleforge.jobs.messages import Advance, Failure, Result, Stopped, Task
from particleforge.recipes.shapes.recipe import Shapes
from particleforge.store.dataset import Dataset

SYNTHESIZE = "particleforge.workflows.synthesize:synthesize"
RECIPE = {"kind": "shapes", "height_px": 48, "width_px": 48}
ENDLESS = 20_000
LIMIT_S = 60
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals")


def drawing(out, count=6, recipe=RECIPE, grace_s=20.0, **params):
    """Task that draws small images, one per shard by default."""
    params = {"count": count, "samples_per_shard": 1} | params
    return Task(call=SYNTHESIZE, args={"recipe": recipe, "out": str(out)}, params=params, grace_s=grace_s)


class Listener:
    """Keeps the messages of a job and sets an event when a sample is drawn."""

    def __init__(self):
        self.seen = []
        self.drawn = threading.Event()

    def __call__(self, message):
        self.seen.append(message)
        if isinstance(message, Advance) and message.done:
            self.drawn.set()


def gone(pid):
    """Whether a process ends in time; one that only waits to be fetched by its parent has ended."""
    until = time.monotonic() + LIMIT_S
    while time.monotonic() < until:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


def workers_of(pid):
    """Processes below a process, once it has started some."""
    until = time.monotonic() + LIMIT_S
    while not (found := psutil.Process(pid).children(recursive=True)) and time.monotonic() < until:
        time.sleep(0.05)
    return [process.pid for process in found]


@pytest.fixture
def hanging(tmp_path):
    """Task whose step hangs while it reads its recipe, and a function that waits until it does."""
    recipe, out = tmp_path / "recipe.yaml", tmp_path / "made.zarr"
    os.mkfifo(recipe)
    with ExitStack() as stack:
        task = drawing(out, recipe=str(recipe), grace_s=0.2)
        yield task, lambda: stack.enter_context(recipe.open("w"))


@pytest.fixture
def customize(tmp_path_factory, monkeypatch):
    """Give every new Python process some code to run first, as an installed library could."""

    def install(code):
        folder = tmp_path_factory.mktemp("site")
        (folder / "sitecustomize.py").write_text(code, encoding="utf-8")
        monkeypatch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)

    return install


def test_a_dataset_is_drawn_and_progress_arrives_in_order(tmp_path):
    listener = Listener()
    job = Job(drawing(tmp_path / "made.zarr"), listener)
    value = job.wait(LIMIT_S)
    assert value == {"dataset": str(tmp_path / "made.zarr"), "samples": 6}
    dataset = Dataset.open(Path(value["dataset"]))
    assert dataset.missing_shards() == []
    assert Shapes.parse(dataset.meta["recipe"]) == Shapes.parse(RECIPE)
    *advances, end = listener.seen
    assert end == job.outcome == Result(value=value)
    assert [a.done for a in advances] == [0, 0, 1, 2, 3, 4, 5, 6]
    assert {a.total for a in advances} == {6}
    shown = next(a.preview for a in advances if a.preview)
    with np.load(shown) as file:
        np.testing.assert_array_equal(file["image"], dataset[0].micrograph.pixels)
        np.testing.assert_array_equal(file["labels"], dataset[0].labels)
    assert gone(job.pid)


def test_several_jobs_run_at_once_and_one_is_cancelled_without_the_other(tmp_path):
    first, second = Listener(), Listener()
    with (
        Job(drawing(tmp_path / "a.zarr", ENDLESS), first) as a,
        Job(drawing(tmp_path / "b.zarr", ENDLESS), second) as b,
    ):
        assert first.drawn.wait(LIMIT_S) and second.drawn.wait(LIMIT_S)
        a.cancel()
        with pytest.raises(Cancelled):
            a.wait(LIMIT_S)
        second.drawn.clear()
        assert second.drawn.wait(LIMIT_S)
        with pytest.raises(TimeoutError):
            b.wait(0.01)
        assert b.outcome is None
    assert a.outcome == b.outcome == Stopped()


def test_a_bad_recipe_comes_back_as_the_error_it_is(tmp_path):
    job = Job(drawing(tmp_path / "made.zarr", recipe={"kind": "shapes", "height_pxx": 48}))
    with pytest.raises(JobError, match="height_pxx") as error:
        job.wait(LIMIT_S)
    assert isinstance(error.value, UserError)
    assert error.value.error == "UserError"
    assert "height_px" in error.value.hint
    assert not (tmp_path / "made.zarr").exists()


def test_an_error_nobody_foresaw_brings_its_traceback(tmp_path):
    job = Job(Task(call=SYNTHESIZE, args={"recipe": "shapes", "no_such": 1}))
    with pytest.raises(JobError, match="no_such") as error:
        job.wait(LIMIT_S)
    assert error.value.error == "TypeError"
    assert error.value.log[0].startswith("Traceback")
    assert "no_such" in error.value.log[-1]


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_cancelled_job_keeps_what_it_wrote_and_is_continued(tmp_path, workers):
    listener, task = Listener(), drawing(tmp_path / "made.zarr", 2000, workers=workers)
    job = Job(task, listener)
    assert listener.drawn.wait(LIMIT_S)
    job.cancel()
    job.cancel()
    with pytest.raises(Cancelled):
        job.wait(LIMIT_S)
    assert job.outcome == listener.seen[-1] == Stopped(forced=False)
    missing = len(Dataset.open(tmp_path / "made.zarr").missing_shards())
    assert 0 < missing < 2000
    again = task.steps()
    reports = [next(again) for _ in range(2)]
    again.close()
    assert (reports[1].message, reports[1].done) == ("Drawing samples", 2000 - missing)


def test_cancelling_what_has_ended_changes_nothing():
    job = Job(Task(call="no:step"))
    with pytest.raises(JobError):
        job.wait(LIMIT_S)
    before = job.outcome
    job.cancel()
    assert job.outcome == before


@posix
def test_a_step_that_does_not_listen_is_ended(hanging):
    task, wait_until_it_hangs = hanging
    with Job(task) as job:
        wait_until_it_hangs()
        job.cancel()
    assert job.outcome == Stopped(forced=True)
    assert gone(job.pid)


@pytest.mark.slow
@posix
def test_a_process_that_refuses_to_end_is_killed(hanging, customize):
    customize(
        "import faulthandler, signal\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "faulthandler.dump_traceback_later = lambda *a, **k: None\n"
    )
    task, wait_until_it_hangs = hanging
    with Job(task) as job:
        wait_until_it_hangs()
        job.cancel()
    assert job.outcome == Stopped(forced=True)
    assert gone(job.pid)


@posix
@pytest.mark.slow
def test_a_killed_child_is_reported_in_words_and_leaves_no_workers(tmp_path):
    listener = Listener()
    job = Job(drawing(tmp_path / "made.zarr", ENDLESS, workers=2), listener)
    assert listener.drawn.wait(LIMIT_S)
    workers = workers_of(job.pid)
    assert len(workers) >= 2
    os.kill(job.pid, signal.SIGKILL)
    with pytest.raises(JobError, match=r"synthesize died: .* signal 9 \(SIGKILL\)") as error:
        job.wait(LIMIT_S)
    assert "Memory" in error.value.hint
    assert all(map(gone, workers))


@posix
def test_a_crash_in_a_library_brings_the_last_lines(tmp_path, customize):
    customize(
        "import os, sys, threading, time\n"
        "def crash():\n"
        "    while 'particleforge.workflows.synthesize' not in sys.modules: time.sleep(0.01)\n"
        "    print('LLVM ERROR: Cannot select', file=sys.stderr, flush=True)\n"
        "    os.abort()\n"
        "threading.Thread(target=crash, daemon=True).start()\n"
    )
    with pytest.raises(JobError, match="SIGABRT") as error:
        Job(drawing(tmp_path / "made.zarr", ENDLESS)).wait(LIMIT_S)
    assert any("LLVM ERROR" in line for line in error.value.log)
    assert any("Fatal Python error: Aborted" in line for line in error.value.log)


@pytest.mark.slow
def test_what_libraries_print_is_not_a_message(tmp_path, customize):
    customize(
        "import os, sys, threading, time\n"
        "print('before', '{\"kind\": \"resu')\n"
        "def chatter():\n"
        "    while True:\n"
        '        print(\'{"kind": "result", "value": {}}\', flush=True)\n'
        "        os.write(1, b'\\xff\\x00 no newline ')\n"
        "        time.sleep(0.01)\n"
        "def later():\n"
        "    while 'particleforge.workflows.synthesize' not in sys.modules: time.sleep(0.01)\n"
        "    chatter()\n"
        "threading.Thread(target=later, daemon=True).start()\n"
    )
    listener = Listener()
    value = Job(drawing(tmp_path / "made.zarr", 30), listener).wait(LIMIT_S)
    assert value["samples"] == 30
    assert [m.done for m in listener.seen[1:-1]] == list(range(31))


def test_a_job_has_environment_variables_of_its_own(customize):
    customize("import os, sys\nprint('SPECIMEN is', os.environ.get('SPECIMEN'), file=sys.stderr)")
    with pytest.raises(JobError) as error:
        Job(Task(call="no:step"), environment={"SPECIMEN": "rods"}).wait(LIMIT_S)
    assert error.value.log[0] == "SPECIMEN is rods" and "SPECIMEN" not in os.environ


def test_a_listener_that_raises_stops_the_job(tmp_path, monkeypatch):
    raised = []
    monkeypatch.setattr(threading, "excepthook", lambda args: raised.append(args.exc_type))

    def listen(message):
        raise RuntimeError("deleted")

    job = Job(drawing(tmp_path / "made.zarr", ENDLESS), listen)
    with pytest.raises(Cancelled):
        job.wait(LIMIT_S)
    assert gone(job.pid)
    assert raised == [RuntimeError]


PARENT = """
import sys, threading
from particleforge.jobs.job import Job
from particleforge.jobs.messages import read

job = Job(read(sys.argv[1].encode()), lambda message: print(message.message, flush=True))
print(job.pid, flush=True)
threading.Event().wait()
"""


@contextmanager
def parent_of(task):
    """Run a job in another process, which is killed at the end; gives the pid of the job and its output."""
    command = [sys.executable, "-c", PARENT, task.model_dump_json()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        yield pid, parent.stdout
        parent.send_signal(signal.SIGKILL)


@posix
@pytest.mark.slow
def test_a_job_and_its_workers_end_with_its_parent_and_are_continued(tmp_path):
    out = tmp_path / "made.zarr"
    with parent_of(drawing(out, ENDLESS, workers=2)) as (pid, output):
        assert any(line.startswith("1 of ") for line in output)
        below = [process.pid for process in psutil.Process(pid).children(recursive=True)]
    assert len(below) >= 2
    assert gone(pid)
    assert all(map(gone, below))
    assert 0 < len(Dataset.open(out).missing_shards()) < ENDLESS


@posix
def test_a_job_that_hangs_ends_with_its_parent(hanging):
    task, wait_until_it_hangs = hanging
    with parent_of(task) as (pid, _):
        wait_until_it_hangs()
    assert gone(pid)


def test_scratch_goes_with_the_job(tmp_path):
    job = Job(Task(call="no:step"))
    with pytest.raises(JobError):
        job.wait(LIMIT_S)
    scratch = Path(job.task.scratch)
    assert scratch.is_dir()
    del job
    until = time.monotonic() + LIMIT_S  # its threads may hold it a moment longer
    while scratch.exists() and time.monotonic() < until:
        time.sleep(0.01)
    assert not scratch.exists()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (-6, "signal 6 (SIGABRT)"),
        (-300, "signal 300."),
        (3, "exit code is 3."),
        (0xC0000005, "exit code is 3221225477 (0xc0000005)"),
    ],
)
def test_how_a_process_died(code, words):
    failure = died("a.b:learn", code, ("last",))
    assert words in failure.message
    assert failure.message.startswith("The process of learn died")
    assert failure.log == ("last",)
    assert isinstance(failure, Failure)
    assert failure.hint
