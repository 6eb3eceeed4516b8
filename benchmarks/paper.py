"""Processor time of what `measure` does after the detector: ``python benchmarks/paper.py [--count 50]``.

The peer is a plain script: scikit-image's `regionprops_table` and one matplotlib figure with the image, the outlines as
a contour and a histogram. All parts run in turns in one process, after a first round that is not counted.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from measurement_speed import PROPERTIES, ellipses
from skimage.measure import regionprops_table

from particleforge.measurement.figures import particle_figure, save_figure
from particleforge.measurement.lettering import letter
from particleforge.measurement.measured import Measured
from particleforge.measurement.report.write import write_report
from particleforge.measurement.results import Results
from particleforge.measurement.statistics.describe import describe
from particleforge.measurement.statistics.sizes import Sizes


def parts(labels: np.ndarray, grey: np.ndarray, out: Path) -> dict[str, Callable[[], object]]:
    """Parts of our work for one image, and that of the peer."""
    results = Results(out / "results", {"command": "benchmark", "params": {}})
    measured = results.measure(Measured("", labels=labels, grey=grey, pixel_size_nm=0.5))
    sizes = Sizes.of(measured.table)
    description = describe(sizes)

    def figure() -> None:
        drawn = particle_figure(grey, labels, measured.table, name="image", pixel_size_nm=0.5)
        letter(drawn)
        save_figure(drawn, out / "figure.png")

    return {
        "particles and aggregates": lambda: results.measure(Measured("", labels=labels, grey=grey, pixel_size_nm=0.5)),
        "statistics": lambda: describe(sizes),
        "figure": figure,
        "report": lambda: write_report(out / "report.html", measured, description=description),
        "plain script": lambda: plain(labels, grey, out / "plain.png"),
    }


def plain(labels: np.ndarray, grey: np.ndarray, path: Path) -> None:
    """Measure and draw with scikit-image and matplotlib, without intervals, fits or a report."""
    table = regionprops_table(labels, grey, PROPERTIES)
    figure = Figure((8.6, 5), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    left.imshow(grey, cmap="gray")
    left.contour(labels > 0, [0.5], colors="orange", linewidths=0.5)
    right.hist(table["equivalent_diameter_area"], "fd")
    figure.savefig(path, dpi=200)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=0, help="Side of the image in px; 0: suits the count.")
    parser.add_argument("--count", type=int, default=50, help="Particles drawn.")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    labels = ellipses(args.size or int(70 * args.count**0.5), args.count)
    grey = np.random.default_rng(1).normal(100, 10, labels.shape) + 60 * (labels > 0)
    with tempfile.TemporaryDirectory() as folder:
        calls = parts(labels, grey, Path(folder))
        seconds: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(args.rounds + 1):
            for name, call in calls.items():
                start = time.process_time()
                call()
                seconds[name].append(time.process_time() - start)
        size = (Path(folder) / "report.html").stat().st_size
    middle = {name: statistics.median(times[1:]) for name, times in seconds.items()}
    peer = middle.pop("plain script")
    total = sum(middle.values())
    print(f"{args.count} particles, {labels.shape[0]} px, median of {args.rounds} rounds, processor time")
    for name, value in middle.items():
        print(f"{name:>25}: {value:6.3f} s  {value / total:4.0%}")
    print(f"{'together':>25}: {total:6.3f} s; the report has {size / 1e6:.2f} MB")
    print(f"{'plain script':>25}: {peer:6.3f} s; ratio {total / peer:.1f}")


if __name__ == "__main__":
    main()
