"""Compare growth rates with the truth: ``python benchmarks/growth_rates.py``.

Discs drawn to the pixel grow at rates that differ by a tenth, are found a little too large or too small in each frame,
drift, and are missing in some frames. Printed are the error of the rate of the population, and the share of 95 %
intervals that hold the truth: the middle of the distribution that the rates are drawn from.
"""

import argparse

import numpy as np
import pandas as pd

from particleforge.measurement.particles import measure_particles
from particleforge.measurement.rules import Rules
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.tracking.followed import follow
from particleforge.measurement.tracking.movies import Movie
from particleforge.measurement.tracking.params import TrackParams
from particleforge.step import run


def draw(seed: int, frames: int, side: int, rate: float, noise: float) -> np.ndarray:
    """Stack of labels, numbered in another order in each frame."""
    rng = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(np.arange(-1, side // 30 + 2), np.arange(-1, side // 30 + 2)), -1).reshape(-1, 2) * 30.0
    places = grid + rng.uniform(-6, 6, grid.shape)
    first, rates = rng.uniform(8, 14, len(grid)), rate * rng.normal(1, 0.1, len(grid))
    rows, columns = np.mgrid[:side, :side]
    labels = np.zeros((frames, side, side), np.int32)
    drift = np.cumsum(rng.normal(0.3, 0.4, (frames, 2)), axis=0)
    for frame in range(frames):
        for label, which in enumerate(rng.permutation(len(grid)), 1):
            x, y = places[which] + drift[frame] - drift[0]
            radius = (first[which] + rates[which] * frame) / 2 * (1 + noise * rng.normal())
            low = [max(0, int(c - radius - 1)) for c in (y, x)]
            high = [max(0, int(c + radius + 2)) for c in (y, x)]
            window = slice(low[0], high[0]), slice(low[1], high[1])
            if rng.random() > 0.02:
                inside = (rows[window] - y) ** 2 + (columns[window] - x) ** 2 <= radius**2
                labels[frame][window][inside] = label
    return labels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--frames", type=int, default=30)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--rate", type=float, default=0.15, help="Growth of the diameter in px per frame.")
    parser.add_argument("--noise", type=float, default=0.02, help="Relative error of each diameter.")
    args = parser.parse_args()
    errors, held, counts = [], [], []
    for seed in range(args.seeds):
        labels = draw(seed, args.frames, args.side, args.rate, args.noise)
        images = {frame: f"movie_{frame:05d}" for frame in range(args.frames)}
        table = pd.concat([measure_particles(labels[f], image=name) for f, name in images.items()], ignore_index=True)
        shape = args.side, args.side
        movie = Movie("movie", images, np.arange(args.frames, dtype=float), "frame", shape, args.side**2, None)
        masks = {name: labels[frame] > 0 for frame, name in images.items()}
        step = follow(movie, table, masks.__getitem__, Rules(), Precision(), TrackParams(drift=True))
        rates = run(step).rates
        errors.append(100 * (rates.median.value / args.rate - 1))
        held.append(rates.median.low <= args.rate <= rates.median.high)
        counts.append(rates.count)
    print(f"{args.seeds} movies of {args.frames} frames, {np.mean(counts):.0f} particles with a rate on average")
    print(f"error of the rate: mean {np.mean(errors):+.2f} %, standard deviation {np.std(errors):.2f} %")
    print(f"within 2 %: {np.mean(np.abs(errors) < 2):.0%}; intervals that hold the truth: {np.mean(held):.0%}")


if __name__ == "__main__":
    main()
