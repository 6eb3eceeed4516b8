"""Time measuring all particles of a large label image next to scikit-image: ``python benchmarks/measurement_speed.py``.

Both in one process, in turns; processor time, so that other work on the machine counts little. scikit-image is asked
for the properties it has of those in our table, by its vectorised entry.
"""

import argparse
import statistics
import time

import numpy as np
from skimage.measure import regionprops_table

from particleforge.measurement.particles import measure_particles

PROPERTIES = (
    "label",
    "area",
    "centroid",
    "bbox",
    "equivalent_diameter_area",
    "perimeter_crofton",
    "feret_diameter_max",
    "axis_major_length",
    "axis_minor_length",
    "orientation",
    "solidity",
    "extent",
    "intensity_mean",
    "intensity_std",
)


def ellipses(size_px: int, count: int) -> np.ndarray:
    """Label image of ellipses of 10 to 44 px."""
    rng = np.random.default_rng(0)
    labels = np.zeros((size_px, size_px), np.int32)
    for label in range(1, count + 1):
        centre, (a, b), angle = rng.uniform(0, size_px, 2), rng.uniform(5, 22, 2), rng.uniform(0, np.pi)
        low = np.maximum(centre - 23, 0).astype(int)
        y, x = np.mgrid[low[0] : low[0] + 46, low[1] : low[1] + 46]
        y, x = y[: size_px - low[0]] - centre[0], x[:, : size_px - low[1]] - centre[1]
        y, x = y[:, : x.shape[1]], x[: y.shape[0]]
        along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        part = labels[low[0] : low[0] + y.shape[0], low[1] : low[1] + y.shape[1]]
        part[(along / a) ** 2 + (across / b) ** 2 <= 1] = label
    return labels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=2048, help="Side of the image in px.")
    parser.add_argument("--count", type=int, default=3000, help="Particles drawn.")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    labels = ellipses(args.size, args.count)
    grey = np.random.default_rng(1).normal(100, 10, labels.shape)
    calls = {
        "ours": lambda: measure_particles(labels, intensity=grey),
        "scikit-image": lambda: regionprops_table(labels, grey, PROPERTIES),
    }
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    columns: dict[str, int] = {}
    for _ in range(args.rounds):
        for name, call in calls.items():
            start = time.process_time()
            table = call()
            seconds[name].append(time.process_time() - start)
            columns[name] = len(list(table))
    middle = {name: statistics.median(times) for name, times in seconds.items()}
    print(f"{len(table['label'])} particles, {args.size} px, median of {args.rounds} rounds, processor time")
    for name, value in middle.items():
        print(f"{name:>13}: {value:6.2f} s for {columns[name]} columns")
    print(f"        ratio: {middle['scikit-image'] / middle['ours']:.1f}")


if __name__ == "__main__":
    main()
