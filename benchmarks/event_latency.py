"""Time between Qt timer events while the bench teaches a detector, next to that of an idle napari.

``xvfb-run -a uv run python benchmarks/event_latency.py`` (without ``xvfb-run -a`` where there is a screen). A bundled
micrograph is copied to a temporary folder; the detector learns all particles that are found in it.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import napari
import numpy as np
from qtpy.QtCore import QEventLoop, QTimer, Signal
from qtpy.QtWidgets import QApplication

import particleforge.widgets.workspace as places
from particleforge.workflows.learn import LearnParams

INTERVAL_MS = 5
IMAGE = Path(places.__file__).parents[1] / "sample_data" / "spheres" / "more" / "images" / "spheres_1.tif"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="How long to train and listen.")
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(IMAGE, folder)
        viewer = napari.Viewer(show=True)
        _, bench = viewer.window.add_plugin_dock_widget(places.PLUGIN, "ParticleForge")
        QApplication.processEvents()
        print("| napari | median (ms) | 95 % (ms) | longest (ms) |\n|---|---|---|---|")
        report("idle", listen(10))
        bench.open(Path(folder))
        page, teaching = bench.finding.page, bench.finding.teaching
        wait(lambda: bench.state.work is not None)
        page.row.button.click()
        wait(lambda: page.running is None and not page.row.running and bench.state.work.labels.data.any())
        bench.state.work.set_complete(True)
        bench.state.work.saver.flush()
        page.teach.click()
        wait(lambda: teaching.row.button.isEnabled() and bool(teaching.examples))
        teaching.form.set_params(LearnParams(minutes=seconds / 60))
        teaching.row.button.click()
        report("while teaching", listen(seconds, teaching.row.done, teaching.row.failed))
        bench.end()
        wait(lambda: not teaching.row.running)
        viewer.close()


def wait(ready: Callable[[], bool]) -> None:
    """Handle events until something is so."""
    while not ready():
        QApplication.processEvents()
        time.sleep(0.02)


def listen(seconds: float, *ends: Signal) -> np.ndarray:
    """Milliseconds between timer events for some time, or until a signal is emitted."""
    loop, ticks = QEventLoop(), []
    for end in ends:
        end.connect(loop.quit)
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    timer = QTimer(interval=INTERVAL_MS)
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    timer.start()
    loop.exec()
    timer.stop()
    return np.array([1000 * (later - earlier) for earlier, later in pairwise(ticks)])


def report(name: str, gaps_ms: np.ndarray) -> None:
    print(f"| {name} | {np.median(gaps_ms):.1f} | {np.quantile(gaps_ms, 0.95):.1f} | {gaps_ms.max():.0f} |", flush=True)


if __name__ == "__main__":
    main()
