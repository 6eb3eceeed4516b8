"""Time between Qt timer events while the Train panel trains, next to that of an idle napari.

``xvfb-run -a uv run python benchmarks/event_latency.py`` (without ``xvfb-run -a`` where there is a screen). The
workspace is a temporary folder with the annotated sample image.
"""

import argparse
import shutil
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import napari
import numpy as np
from qtpy.QtCore import QEventLoop, QTimer, Signal
from qtpy.QtWidgets import QApplication

import particleforge.widgets.workspace as places

INTERVAL_MS = 5
SAMPLE = Path(__file__).parents[1] / "src" / "particleforge" / "sample_data" / "spheres" / "annotated"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="How long to train and listen.")
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(SAMPLE, Path(folder) / places.ANNOTATIONS)
        places.preference = lambda group, name, default: folder if name == "folder" else default
        viewer = napari.Viewer(show=True)
        viewer.open_sample(places.PLUGIN, "spheres")
        _, panel = viewer.window.add_plugin_dock_widget(places.PLUGIN, "Train")
        QApplication.processEvents()
        print("| napari | median (ms) | 95 % (ms) | longest (ms) |\n|---|---|---|---|")
        report("idle", listen(10))
        panel.form.front.set_params(panel.form.front.params().replace(minutes=seconds / 60))
        panel.row.button.click()
        report("while training", listen(seconds, panel.row.done, panel.row.failed))
        panel.row.cancel()
        viewer.close()


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
