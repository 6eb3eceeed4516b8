"""Large images in tiles next to one piece: rate, memory, particles.

``python benchmarks/large_image.py [--sides 8192 16384] [--tile-px 2112]``. The image is a mosaic of one drawn scene of
2048 px, computed where it is read, so nothing of it lies on disk or in memory. It is searched and measured in tiles,
and a single scene in one piece, with the built-in detector at a scale of 1. Rates are per CPU second, on one thread, so
that other load on the machine matters little; memory is what the process needs above the loaded detector.
"""

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import psutil
from scipy import ndimage

from particleforge import load_model, measure
from particleforge.micrograph import Micrograph
from particleforge.store.source import Source
from particleforge.workflows.measure import MeasureParams

SCENE_PX, PER_SCENE = 2048, 312
"""Side of the scene, and its particles: 20 000 in 16 384 px."""


class Mosaic:
    """A scene repeated along rows and columns; only the slices requested are computed.

    Parameters
    ----------
    scene
        (Y, X) grey values.
    side
        Side of the mosaic in px.
    """

    def __init__(self, scene: np.ndarray, side: int) -> None:
        self._scene, self.shape, self.dtype = scene, (side, side), scene.dtype

    def __getitem__(self, index: Any) -> np.ndarray:
        rows, columns = (
            np.arange(length)[part] % len(self._scene) for length, part in zip(self.shape, index, strict=True)
        )
        return self._scene[np.ix_(rows, columns)]


def drawn(side: int, count: int) -> np.ndarray:
    """Ellipses of 10 to 40 px, blurred, with noise; they run on over the border on the other side."""
    rng, image = np.random.default_rng(1), np.zeros((side, side), np.float32)
    for _ in range(count):
        (y, x), (a, b), turn = rng.integers(0, side, 2), rng.uniform(5, 20, 2), rng.random() * np.pi
        v, u = np.mgrid[-21:22, -21:22]
        along, across = u * np.cos(turn) + v * np.sin(turn), v * np.cos(turn) - u * np.sin(turn)
        inside = (along / a) ** 2 + (across / b) ** 2 < 1
        rows, columns = (np.arange(at - 21, at + 22) % side for at in (y, x))
        image[np.ix_(rows, columns)] = np.where(inside, rng.uniform(0.5, 1), image[np.ix_(rows, columns)])
    noisy = ndimage.gaussian_filter(image, 1, mode="wrap") * 1000 + rng.normal(0, 40, image.shape) + 300
    return noisy.clip(0).astype(np.uint16)


def peak(call: Callable[[], Any], before: int) -> tuple[Any, float, float, float]:
    """Return the result of a call, its CPU seconds, its seconds, and its largest memory above `before`, in GiB."""
    process, done, seen = psutil.Process(), threading.Event(), [0]

    def watch() -> None:
        while not done.wait(0.01):
            seen.append(process.memory_info().rss)

    cpu, began = time.process_time(), time.monotonic()
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        result = call()
    finally:
        done.set()
        watcher.join()
    return result, time.process_time() - cpu, time.monotonic() - began, (max(seen) - before) / 2**30


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sides", type=int, nargs="+", default=[8192, 16384])
    parser.add_argument("--tile-px", type=int, default=2112)
    args = parser.parse_args()
    scene, model = drawn(SCENE_PX, PER_SCENE), load_model("base")
    model.detect(scene[:256, :256], scale=1.0)  # prepares the network
    options = {"scale": 1.0, "tile_px": args.tile_px}

    def run(pixels: Any, tiles_from_mp: float) -> int:
        with tempfile.TemporaryDirectory() as folder:
            params = MeasureParams.parse(
                {"options": options, "tiles_from_mp": tiles_from_mp, "reports": False, "pixel_size": "1 nm"}
            )
            source = Micrograph(pixels) if isinstance(pixels, np.ndarray) else Source.of(pixels, "YX", name="image")
            found = measure(model, source, Path(folder) / "out", params)
            return int(found.summary["images"][next(iter(found.summary["images"]))]["count"])

    run(scene[:256, :256], 1e6)  # imports
    before = psutil.Process().memory_info().rss
    for side, pixels, mode in [
        (SCENE_PX, Mosaic(scene, SCENE_PX), 0.0),
        *((side, Mosaic(scene, side), 0.0) for side in args.sides),
        (SCENE_PX, scene, 1e6),
    ]:
        count, cpu, seconds, memory = peak(lambda pixels=pixels, mode=mode: run(pixels, mode), before)
        rate = side**2 / 1e6 / cpu
        where = "in tiles" if mode == 0 else "one piece"
        print(
            f"{side} px {where}: {count} particles, {rate:.2f} MP per CPU s, {seconds:.0f} s, {memory:.2f} GiB",
            flush=True,
        )


if __name__ == "__main__":
    main()
