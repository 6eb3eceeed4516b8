"""One-click segmentation next to usual methods, on real micrographs with full labels.

``uv run python benchmarks/click_methods.py EMPS`` where EMPS holds ``images/*.png``, ``labels/*.png`` (EMPS, Yildirim
and Cole 2021, MIT) and, as a choice, ``images.csv`` with columns ``name`` and ``set``. For 40 images and at most
10 particles of each, drawn by a fixed seed, each method gets one point: the innermost one of the particle (largest
distance to its outline), or that point moved by 20 to 50 % of this distance. The images are others than those the
settings of our method were chosen on (30 images, drawn by the same seed). Particles below 30 px are left out.

All methods see the same window, at most 300 px around the point, smoothed with sigma 1. Their own free choices are
made without the truth: the flood takes the tolerance at which its outline runs along the strongest mean gradient, the
watershed the ring of background with the strongest mean gradient, the active contours start from a small disc.
Times are medians per click on this machine, one process.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from scipy import ndimage
from skimage.draw import disk
from skimage.segmentation import (
    flood,
    inverse_gaussian_gradient,
    morphological_chan_vese,
    morphological_geodesic_active_contour,
    watershed,
)

from particleforge.annotate.click import find_particle, find_particle_in_box

HALF_PX, TUNED_ON, IMAGES, PARTICLES = 300, 30, 40, 10
Method = Callable[[np.ndarray, tuple[int, int]], np.ndarray]


def around(grey: np.ndarray, point: tuple[int, int]) -> tuple[tuple[slice, slice], tuple[int, int]]:
    """Window about a point, and the point in it."""
    top, left = (max(0, place - HALF_PX) for place in point)
    window = slice(top, point[0] + HALF_PX + 1), slice(left, point[1] + HALF_PX + 1)
    return window, (point[0] - top, point[1] - left)


def windowed(method: Method) -> Method:
    """Run a method in a window and put the result back."""

    def run(grey: np.ndarray, point: tuple[int, int]) -> np.ndarray:
        window, inner = around(grey, point)
        mask = np.zeros(grey.shape, bool)
        mask[window] = ndimage.binary_fill_holes(method(ndimage.gaussian_filter(grey[window], 1), inner))
        return mask

    return run


def on_outline(mask: np.ndarray, slope: np.ndarray) -> float:
    """Mean gradient along an outline; 0 where the mask is empty or all."""
    outline = mask ^ ndimage.binary_erosion(mask, border_value=1)
    return float(slope[outline].mean()) if outline.any() else 0.0


def grown(grey: np.ndarray, point: tuple[int, int]) -> np.ndarray:
    """Flood fill at the tolerance with the strongest outline."""
    slope = ndimage.gaussian_gradient_magnitude(grey, 1)
    spread = grey.std()
    masks = [
        ndimage.binary_fill_holes(flood(grey, point, tolerance=share * spread)) for share in np.arange(0.2, 2.6, 0.2)
    ]
    masks = [mask for mask in masks if 12 < mask.sum() < 0.7 * mask.size] or masks[:1]
    return max(masks, key=lambda mask: on_outline(mask, slope))


def ringed_watershed(grey: np.ndarray, point: tuple[int, int]) -> np.ndarray:
    """Watershed of the gradient between the point and a ring of background, for the best of some rings."""
    slope = ndimage.gaussian_gradient_magnitude(grey, 1)
    rows, columns = np.ogrid[: grey.shape[0], : grey.shape[1]]
    away = np.hypot(rows - point[0], columns - point[1])
    masks = []
    for ring in 6 * 1.35 ** np.arange(13):
        markers = np.where(away < max(1.5, ring / 6), 1, np.where(away > ring, 2, 0))
        if (markers == 2).any():
            masks.append(watershed(slope, markers) == 1)
    return max(masks, key=lambda mask: on_outline(mask, slope))


def small_disc(grey: np.ndarray, point: tuple[int, int]) -> np.ndarray:
    start = np.zeros(grey.shape, np.int8)
    start[disk(point, 5, shape=grey.shape)] = 1
    return start


def geodesic(grey: np.ndarray, point: tuple[int, int]) -> np.ndarray:
    """Morphological geodesic active contour with a balloon."""
    scaled = (grey - grey.min()) / max(float(np.ptp(grey)), 1e-9)
    edges = inverse_gaussian_gradient(scaled, alpha=200, sigma=2)
    return morphological_geodesic_active_contour(edges, 120, small_disc(grey, point), balloon=1, threshold="auto") > 0


def chan_vese(grey: np.ndarray, point: tuple[int, int]) -> np.ndarray:
    """Morphological Chan-Vese; the part around the point."""
    mask = morphological_chan_vese(grey, 40, init_level_set=small_disc(grey, point), smoothing=2) > 0
    parts, _ = ndimage.label(mask if mask[point] else ~mask)
    return parts == parts[point]


def ours(grey: np.ndarray, point: tuple[int, int]) -> np.ndarray:
    """Run the closed path on logarithmic rays."""
    found = find_particle(grey, point).region
    mask = np.zeros(grey.shape, bool)
    if found is not None:
        mask[found.window] = found.mask
    return mask


METHODS: dict[str, Method] = {
    "flood, best tolerance": windowed(grown),
    "watershed, best ring": windowed(ringed_watershed),
    "geodesic active contour": windowed(geodesic),
    "Chan-Vese": windowed(chan_vese),
    "closed path on rays": ours,
}


def clicks(
    truth: np.ndarray, count: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, tuple[tuple[int, int], ...]]]:
    """Masks of some particles with their innermost and a moved point."""
    ids = np.unique(truth)
    for particle in rng.permutation(ids[ids > 0])[:count]:
        mask = truth == particle
        if mask.sum() < 30:
            continue
        depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
        point = np.array(np.unravel_index(depth.argmax(), depth.shape))
        angle, share = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 0.5)
        moved = np.rint(point + share * depth.max() * np.array([np.sin(angle), np.cos(angle)])).astype(int)
        yield mask, tuple((int(y), int(x)) for y, x in (point, moved))


def boxed(grey: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Run ours from a box whose sides are 5 % too small to 8 % too large at each end."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    off = rng.uniform(-0.05, 0.08, 4) * np.repeat([np.ptp(rows) + 1, np.ptp(columns) + 1], 2)
    low = rows[0] - 0.5 - off[0], columns[0] - 0.5 - off[2]
    high = rows[-1] + 0.5 + off[1], columns[-1] + 0.5 + off[3]
    found = find_particle_in_box(grey, low, high).region
    result = np.zeros(grey.shape, bool)
    if found is not None:
        result[found.window] = found.mask
    return result


def judged(mask: np.ndarray, truth: np.ndarray, ms: float) -> dict[str, float]:
    overlap = (mask & truth).sum() / (mask | truth).sum()
    return {"iou": overlap, "size_error": np.sqrt(mask.sum() / truth.sum()) - 1, "ms": ms}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--methods", nargs="*", choices=METHODS, default=list(METHODS))
    parser.add_argument("--particles", type=int, default=PARTICLES, help="of each image; contours take seconds each")
    arguments = parser.parse_args()
    names = sorted(path.stem for path in (arguments.folder / "images").glob("*.png"))
    chosen = np.random.default_rng(1).permutation(names)[TUNED_ON : TUNED_ON + IMAGES]
    table = arguments.folder / "images.csv"
    sets = dict(pd.read_csv(table)[["name", "set"]].astype(str).to_numpy()) if table.is_file() else {}
    ours(np.random.default_rng(0).normal(size=(50, 50)).astype(np.float32), (25, 25))  # compiles
    rows = []
    for number, name in enumerate(chosen):
        with Image.open(arguments.folder / "images" / f"{name}.png") as image:
            grey = np.asarray(image.convert("L"), np.float32)
        with Image.open(arguments.folder / "labels" / f"{name}.png") as image:
            truth = np.asarray(image)
        for mask, points in clicks(truth, arguments.particles, np.random.default_rng([0, number])):
            key = {"image": name, "set": sets.get(name, "")}
            for method in arguments.methods:
                for kind, point in zip(("inner", "moved"), points, strict=True):
                    began = time.perf_counter()
                    result = METHODS[method](grey, point)
                    ms = 1000 * (time.perf_counter() - began)
                    rows.append(key | {"method": method, "point": kind} | judged(result, mask, ms))
            began = time.perf_counter()
            result = boxed(grey, mask, np.random.default_rng(number))
            ms = 1000 * (time.perf_counter() - began)
            rows.append(key | {"method": "closed path, box", "point": "box"} | judged(result, mask, ms))
        print(f"{number + 1}/{len(chosen)} {name}", flush=True)
    report(pd.DataFrame(rows))


def report(rows: pd.DataFrame) -> None:
    """Print tables by method and point, and by set."""
    for by in (["method", "point"], ["method", "set"]):
        groups = rows.groupby(by, sort=False)
        shown = pd.DataFrame(
            {
                "clicks": groups.size(),
                "iou>=0.5": groups.iou.apply(lambda values: (values >= 0.5).mean()),
                "iou>=0.75": groups.iou.apply(lambda values: (values >= 0.75).mean()),
                "median |size error|": groups.size_error.apply(lambda values: values.abs().median()),
                "median size error": groups.size_error.median(),
                "ms": groups.ms.median(),
            }
        )
        print(shown.round(3).to_string(), "\n")


if __name__ == "__main__":
    main()
