"""Link drawn particles over frames, next to trackpy: ``python benchmarks/linking.py``.

Particles lie at random with a least distance, wander, grow, and are missing in some frames. Both link the same places,
in one process, in turns; trackpy knows no sizes, so ours is also timed without them. Right is a link between two
particles that follow each other in the truth, of all links that could be made.
"""

import argparse
import logging
import statistics
import time

import numpy as np
import pandas as pd
import trackpy

from particleforge.measurement.tracking.linking import Linker


def movie(particles: int, frames: int, spacing_px: float, step_px: float, missing: float) -> pd.DataFrame:
    """Places and sizes of particles by frame, with their true numbers."""
    rng = np.random.default_rng(0)
    side = int(np.ceil(np.sqrt(particles)))
    grid = np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1).reshape(-1, 2)[:particles] * spacing_px
    places = grid + rng.uniform(-0.25, 0.25, grid.shape) * spacing_px
    sizes = rng.lognormal(np.log(spacing_px / 3), 0.2, particles)
    parts = []
    for frame in range(frames):
        seen = np.flatnonzero(rng.random(particles) >= missing)
        x, y = places[seen].T
        parts.append(pd.DataFrame({"frame": frame, "x": x, "y": y, "size": sizes[seen], "true": seen}))
        places = places + rng.normal(0, step_px / np.sqrt(2), places.shape)
        sizes = sizes * 1.01
    return pd.concat(parts, ignore_index=True)


def right(table: pd.DataFrame, tracks: np.ndarray, memory: int) -> float:
    """Return the share of the links in the truth, over gaps that are bridged, that were made."""
    table = table.assign(track=tracks)
    following = table.groupby("true").shift(-1)
    possible = following["frame"] - table["frame"] <= memory + 1
    linked = table.groupby("track").shift(-1)
    made = (linked["frame"] == following["frame"]) & (linked["true"] == table["true"])
    return float((made & possible).sum() / possible.sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--particles", type=int, default=1000)
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--spacing", type=float, default=30.0, help="Typical distance of neighbours in px.")
    parser.add_argument("--step", type=float, default=2.0, help="Root mean square step in px.")
    parser.add_argument("--missing", type=float, default=0.02, help="Share of particles not seen in a frame.")
    parser.add_argument("--memory", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    logging.getLogger("trackpy").setLevel(logging.ERROR)
    table = movie(args.particles, args.frames, args.spacing, args.step, args.missing)
    frames, points = table["frame"].to_numpy(), table[["x", "y"]].to_numpy()
    sizes, cutoff = table["size"].to_numpy(), args.spacing / 3
    calls = {
        "ours": lambda: Linker(cutoff, args.memory)(frames, points, sizes),
        "ours, places only": lambda: Linker(cutoff, args.memory, 0.0)(frames, points, sizes),
        "trackpy": lambda: trackpy.link(table, cutoff, memory=args.memory)["particle"].to_numpy(),
    }
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    found = {}
    for _ in range(args.rounds):
        for name, call in calls.items():
            start = time.process_time()
            found[name] = call()
            seconds[name].append(time.process_time() - start)
    middle = {name: statistics.median(times) for name, times in seconds.items()}
    print(f"{args.particles} particles, {args.frames} frames, processor time, median of {args.rounds} rounds")
    print(f"SciPy and NumPy {np.__version__}, trackpy {trackpy.__version__}")
    for name, value in middle.items():
        share, count = right(table, found[name], args.memory), len(np.unique(found[name]))
        print(f"{name:>18}: {value:6.2f} s, {100 * share:.2f} % of links right, {count} tracks")
    print(f"             ratio: {middle['trackpy'] / middle['ours, places only']:.1f}")


if __name__ == "__main__":
    main()
