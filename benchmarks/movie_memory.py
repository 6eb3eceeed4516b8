"""Memory of measuring and following a long movie, killed in the middle: ``python benchmarks/movie_memory.py OUT``.

Draws a movie of discs that drift and grow, measures it with the detector by threshold, kills that with -9 halfway, runs
the same command again, then follows the particles. Printed is the largest memory of the process while each quarter of
the frames was measured, and while it finished.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import tifffile

SIDE = 512


def frames(count: int, particles: int) -> Iterator[np.ndarray]:
    """Frames of a movie."""
    rng = np.random.default_rng(0)
    grid = np.stack(np.meshgrid(np.arange(8), np.arange(8)), -1).reshape(-1, 2)[:particles] * 60.0 + 40
    places, radii = grid + rng.uniform(-12, 12, grid.shape), rng.uniform(7, 12, len(grid))
    rows, columns = np.mgrid[:SIDE, :SIDE]
    for frame in range(count):
        image = np.full((SIDE, SIDE), 170.0)
        for (x, y), radius in zip(
            places + np.array([10 * np.sin(frame / 50), 0]), radii + 4 * frame / count, strict=True
        ):
            window = slice(int(y) - 20, int(y) + 21), slice(int(x) - 20, int(x) + 21)
            image[window] -= 90 * ((rows[window] - y) ** 2 + (columns[window] - x) ** 2 <= radius**2)
        yield np.clip(image + rng.normal(0, 8, image.shape), 0, 255).astype(np.uint8)


def watched(command: list[str], results: Path, count: int, kill_at: int | None = None) -> dict[str, float]:
    """Run a command; return its largest memory in MiB by the quarter of the frames that are done."""
    child = subprocess.Popen([sys.executable, "-m", "particleforge.cli", *command])
    process, peaks = psutil.Process(child.pid), dict[str, float]()
    while child.poll() is None:
        done = sum(1 for _ in (results / "labels").glob("*.tif")) if (results / "labels").is_dir() else 0
        part = "finishing" if done >= count else f"quarter {1 + 4 * done // count}"
        try:
            peaks[part] = max(peaks.get(part, 0.0), process.memory_info().rss / 2**20)
        except psutil.NoSuchProcess:
            break
        if kill_at is not None and done >= kill_at:
            child.kill()
        time.sleep(0.2)
    return peaks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--frames", type=int, default=2000)
    parser.add_argument("--particles", type=int, default=60)
    args = parser.parse_args()
    args.out.mkdir(parents=True)
    movie, results, count = args.out / "movie.tif", args.out / "results", args.frames
    about = {"axes": "TYX", "finterval": 1.0, "unit": "nm"}
    shape = (count, SIDE, SIDE)
    tifffile.imwrite(
        movie,
        frames(count, args.particles),
        shape=shape,
        dtype=np.uint8,
        imagej=True,
        resolution=(1, 1),
        metadata=about,
    )
    measuring = ["measure", "threshold", str(movie), "--out", str(results), "--no-reports"]
    for name, command, kill_at in (
        ("measured, killed halfway", measuring, count // 2),
        ("measured on", measuring, None),
        ("followed", ["track", str(results), "--drift"], None),
    ):
        began = time.perf_counter()
        peaks = watched(command, results, count, kill_at)
        text = ", ".join(f"{part} {peak:.0f} MiB" for part, peak in peaks.items())
        print(f"{name}: {text}; {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
