"""Images per second of the shapes recipe, alone and with one process per core, next to scikit-image's random_shapes.

``uv run python benchmarks/shapes_speed.py``. Images are 256 x 256 px with the default parameters and those of the base
detector. The peer draws as many shapes per image as ours hold in the middle, flat, without background, noise or truth
table; it is the nearest thing a kept library has. The goal is 50 images per second on 2 cores. On a machine that is
busy otherwise, the figures mean nothing.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
from skimage.draw import random_shapes

from particleforge.models.stardist.kind import BASE
from particleforge.recipes.any import read_recipe
from particleforge.recipes.recipe import Recipe, make_sample
from particleforge.recipes.shapes.recipe import Shapes


def draw(recipe: Recipe, indices: range) -> int:
    """Particles in some samples."""
    return sum(len(truth) for i in indices if (truth := make_sample(recipe, None, 0, i).truth) is not None)


def rate(call: Callable[[int], object], count: int) -> float:
    """Return calls per second."""
    began = time.perf_counter()
    for i in range(count):
        call(i)
    return count / (time.perf_counter() - began)


def in_processes(recipe: Recipe, count: int, workers: int) -> float:
    """Images per second of several processes that have started and compiled."""
    parts = [range(k, count, workers) for k in range(workers)]
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        list(pool.map(draw, [recipe] * workers, [range(4)] * workers))
        began = time.perf_counter()
        list(pool.map(draw, [recipe] * workers, parts))
        return count / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    args = parser.parse_args()
    out = sys.stdout.write
    out(f"| recipe | particles per image | images/s, 1 process | {args.workers} processes | random_shapes | ratio |\n")
    out("|---|---|---|---|---|---|\n")
    for name, recipe in (("defaults", Shapes()), ("base detector", read_recipe(str(BASE / "recipe.yaml")))):
        draw(recipe, range(4))
        ours = rate(lambda i, recipe=recipe: make_sample(recipe, None, 0, i), args.count)
        both = in_processes(recipe, args.count, args.workers)
        particles = draw(recipe, range(100)) / 100
        peer = rate(
            lambda i, n=round(particles): random_shapes(
                (256, 256), n, min_shapes=n, min_size=8, max_size=40, channel_axis=None, allow_overlap=True, rng=i
            ),
            max(10, args.count // 10),
        )
        out(f"| {name} | {particles:.0f} | {ours:.0f} | {both:.0f} | {peer:.1f} | {ours / peer:.2f} |\n")
    out(f"numpy {np.__version__}\n")


if __name__ == "__main__":
    main()
