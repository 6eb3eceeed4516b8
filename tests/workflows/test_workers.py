"""Images are measured by several processes: the folder is that of one process, whatever happens to some of them."""

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pytest
import tifffile

from particleforge.compute import Workers
from particleforge.measurement.results import Results
from particleforge.measurement.rules import Rules
from particleforge.micrograph import Micrograph
from particleforge.store.labels import open_labels
from particleforge.store.planes import find_planes
from particleforge.workflows import _processes
from particleforge.workflows._each_plane import measure_each
from particleforge.workflows._processes import TRIES
from particleforge.workflows.measure import MeasureParams, measure
from particleforge.workflows.sizes import SizesParams, sizes

QUICK = SizesParams(reports=False, precision={"resamples": 100})
DEADLY = '''
"""Labels of planes; a process dies once for each file in a folder called like the plane."""
import os
import signal

from particleforge.measurement.measured import Measured
from particleforge.workflows._one_plane import Found


def find(traps, plane):
    for trap in (traps / plane.name).glob("*"):
        trap.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    return Found(Measured(plane.name, labels=plane.read().pixels))
'''


@pytest.fixture
def folder(tmp_path):
    """Label images; the second cannot be read."""
    given = tmp_path / "given"
    given.mkdir()
    for number in range(5):
        labels = np.zeros((60, 50), np.uint16)
        for i in range(number + 1):
            labels[3 + 9 * i : 8 + 9 * i, 4 : 10 + 2 * i] = 1 + i
        tifffile.imwrite(given / f"n{number}.tif", labels)
    (given / "n1.tif").write_bytes(b"II*")
    return given


def contents(out):
    """Bytes of all files."""
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_any_number_of_processes_writes_the_same_bytes(folder, tmp_path):
    params = QUICK.replace(reports=True)
    for workers in (1, 2):
        summary = sizes(folder, tmp_path / str(workers) / "out", params.replace(workers=workers)).summary
        assert list(summary["images"]) == ["n0", "n2", "n3", "n4"] and list(summary["failed"]) == ["n1"]
    one, two = (contents(tmp_path / workers / "out") for workers in "12")
    reports = [(one.pop(name), two.pop(name)) for name in ("report.html", "report.pdf")]  # with their time
    assert one == two and all(map(all, reports))


@pytest.mark.slow
def test_models_are_opened_in_every_process(tmp_path):
    rng = np.random.default_rng(0)
    images = tmp_path / "images"
    images.mkdir()
    for number in range(3):
        squares = np.kron(rng.random((8, 8)) < 0.3, np.ones((16, 16)))
        tifffile.imwrite(images / f"{number}.tif", (rng.normal(60, 3, squares.shape) + 100 * squares).astype("u1"))
    params = MeasureParams(reports=False, precision={"resamples": 100})
    for workers in (1, 2):
        measure("threshold", images, tmp_path / str(workers) / "out", params.replace(workers=workers))
    one, two = (contents(tmp_path / workers / "out") for workers in "12")
    assert one == two and len(one["particles.csv"].splitlines()) > 9


@pytest.fixture
def deadly(tmp_path, monkeypatch, folder):
    """Measure with two processes, given the number of them that die on an image."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "deadly", raising=False)
    (tmp_path / "deadly.py").write_text(DEADLY)
    import deadly

    def steps(**deaths):
        for name, times in deaths.items():
            (tmp_path / "traps" / name).mkdir(parents=True)
            for number in range(times):
                (tmp_path / "traps" / name / str(number)).touch()
        results = Results(tmp_path / "out", {}, Rules())
        planes, where = find_planes(folder, open_labels), Workers(workers=2)
        return measure_each(results, [planes], partial(deadly.find, tmp_path / "traps"), "", 20, where)

    return steps


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.slow
def test_a_killed_process_is_replaced_and_an_image_that_kills_all_is_given_up(deadly, tmp_path):
    messages = [progress.message for progress in deadly(n0=TRIES - 1, n3=TRIES)]
    assert "n0: The process that worked on it ended with -9. Another one tries again." in messages
    assert "n0: 1 particle" in messages
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["complete"] and list(summary["images"]) == ["n0", "n2", "n4"]
    assert list(summary["failed"]) == ["n1", "n3"]
    assert "ended with -9, like 2 before. Memory may have run out: use fewer workers" in summary["failed"]["n3"]
    assert not (tmp_path / "out" / "labels" / "n3.tif").exists()
    again = [progress.message for progress in deadly()]
    assert [message for message in again if "particle" in message] == ["n3: 4 particles"]


@pytest.mark.slow
def test_a_closed_run_leaves_no_image_without_its_rows_and_is_continued(folder, tmp_path):
    steps = sizes.steps(folder, tmp_path / "out", QUICK.replace(workers=2))
    while "particle" not in next(steps).message:
        pass
    steps.close()
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    measured = set(summary["images"])
    assert measured and not summary["complete"]
    assert {path.stem for path in (tmp_path / "out" / "labels").iterdir()} == measured
    sizes(folder, tmp_path / "out", QUICK)  # in another number of processes
    sizes(folder, tmp_path / "whole", QUICK)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.slow
@pytest.mark.parametrize("to", [os.kill, os.killpg])  # ended by another program, and from the keyboard
def test_an_interrupted_command_is_continued(folder, tmp_path, to):
    for number in range(20):
        (folder / f"more{number}.tif").hardlink_to(folder / "n4.tif")
    words = ["sizes", str(folder), "--out", "out", "--workers", "2", "--no-reports"]
    child = subprocess.Popen(
        [sys.executable, "-m", "particleforge.cli", *words],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while not list((tmp_path / "out").glob("labels/*.tif")) and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    to(child.pid, signal.SIGINT)
    _, shown = child.communicate(timeout=60)
    assert child.returncode == 130 and "Traceback" not in shown
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert not summary["complete"] and len(list((tmp_path / "out" / "labels").glob("*"))) < 24
    assert list(sizes(folder, tmp_path / "out", SizesParams(reports=False)).summary["failed"]) == ["n1"]


@pytest.mark.slow
def test_a_script_without_a_guard_is_told_so(folder, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from particleforge.workflows.sizes import SizesParams, sizes\n"
        f"sizes({str(folder)!r}, {str(tmp_path / 'out')!r}, SizesParams(reports=False, workers=2))\n"
    )
    done = subprocess.run([sys.executable, script], stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith(
        "Processes ended with 1 before any of them could work on an image. Use one process. "
        "A script of yours must begin its work below `if __name__ == '__main__':`."
    )


def test_what_is_in_memory_is_measured_by_one_process(tmp_path):
    arrays = [np.pad(np.ones((size, size), np.uint16), 9) for size in (5, 6)]
    steps = sizes.steps(arrays, tmp_path / "out", QUICK.replace(workers=2))
    messages = [progress.message for progress in steps]
    assert "One process is used: images or models that are not files cannot be sent to others." in messages
    assert sum("particle" in message for message in messages) == 2


def test_there_are_no_more_processes_than_fit_into_memory(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(_processes, "free_bytes", lambda: 2 * 2**30)
    messages = [progress.message for progress in sizes.steps(folder, tmp_path / "out", QUICK.replace(workers=2))]
    assert "1 of 2 processes are used: each may need 1.8 GiB of memory, and 2.0 GiB are free." in messages


def test_files_of_others_are_not_removed_for_an_image_of_a_refused_name(tmp_path):
    outside = tmp_path / "out" / "other.tif"
    labels = np.pad(np.ones((5, 5), np.uint16), 9)
    steps = sizes.steps([Micrograph(labels, name=name) for name in ("a", "../other")], tmp_path / "out", QUICK)
    next(steps)
    outside.touch()
    while "a: " not in next(steps).message:
        pass
    steps.close()
    assert outside.exists()
