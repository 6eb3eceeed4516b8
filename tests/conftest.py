"""What the tests of windows share."""

import gc
import os
import re
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from hypothesis import settings

settings.register_profile("search", deadline=None)
settings.register_profile("repeatable", settings.get_profile("search"), derandomize=True)
settings.load_profile("repeatable")  # the same examples in every run; new ones by --hypothesis-profile=search

LIMIT_S = 30
OURS = re.compile(r"particleforge|\((_follow|_keep_log|_end_process)\)")
"""Names of threads of panels and jobs; dask, zarr and numba keep theirs as long as the process lives."""
PYTHONS_OWN = ("resource_tracker", "forkserver")


SLOW = ("tests/e2e/", "tests/docs/", "tests/fuzz/", "tests/plugin/")
"""Folders whose tests are all slow."""


def pytest_collection_modifyitems(items):
    """Mark whole folders of slow tests; single ones elsewhere are marked where they stand."""
    for item in items:
        if any(folder in item.nodeid for folder in SLOW):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def display():
    """Skip where napari's canvas cannot be drawn."""
    no_screen = sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    if os.environ.get("QT_QPA_PLATFORM") == "offscreen" or no_screen:
        pytest.skip("napari's canvas needs a display with OpenGL; `make test` gives it one by xvfb-run")


@pytest.fixture(scope="session")
def dask_cluster():
    """Address of the scheduler of a Dask cluster with two processes of this machine."""
    import dask
    from distributed import LocalCluster

    patient = dask.config.set({"distributed.deploy.lost-worker-timeout": "300s"})  # on a busy machine
    load = f"import sys; sys.path.insert(0, {str(Path(__file__).parents[1])!r})"  # workers import the tests, too
    with patient, LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", preload=[load]) as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def nothing_left(request):
    """Check after the test that no thread, no child process, and no widget, object or timer of ours is left.

    The objects of a failed test live on in its traceback: there children are only ended, so that pytest can end, too.
    """
    threads, children = _threads(), _children()
    yield
    left: list[str] = []
    report = getattr(request.node, "rep_call", None)
    if report is not None and report.passed:
        request.node.funcargs.clear()  # they may hold panels
        left += _still(_qt_objects)
        left += _still(lambda: [thread.name for thread in _threads() - threads])
        left += _still(lambda: [str(process) for process in _children() - children])
    for process in _children() - children:
        process.kill()
    assert not left


def _still(find):
    """What is found even after some time in which Qt delivers its events."""
    from qtpy.QtCore import QEvent
    from qtpy.QtWidgets import QApplication

    until = time.monotonic() + LIMIT_S
    while (found := find()) and time.monotonic() < until:
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()
        gc.collect()
        time.sleep(0.02)
    return found


def _threads():
    return {thread for thread in threading.enumerate() if OURS.search(thread.name)}


def _children():
    """Processes below this one that have not ended."""
    found = set()
    for process in psutil.Process().children(recursive=True):
        try:
            if process.status() != psutil.STATUS_ZOMBIE and not any(
                own in word for own in PYTHONS_OWN for word in process.cmdline()
            ):
                found.add(process)
        except psutil.NoSuchProcess:
            continue
    return found


def _qt_objects():
    """Qt objects of ours that are alive, and running timers that belong to nothing."""
    from qtpy.compat import isalive
    from qtpy.QtCore import QObject, QTimer

    alive = [item for item in gc.get_objects() if issubclass(type(item), QObject) and isalive(item)]
    ours = [repr(item) for item in alive if type(item).__module__.startswith("particleforge.")]
    return ours + [repr(item) for item in alive if type(item) is QTimer and item.parent() is None and item.isActive()]
