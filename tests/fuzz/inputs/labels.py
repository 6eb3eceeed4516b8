"""Label images as other programs write them, sound and not."""

from pathlib import Path

import numpy as np
import tifffile

from fuzz.case import SIZES, Case, Workshop, on, right, right_or_said
from fuzz.damage import spoil


def make(rng: np.random.Generator, folder: Path, workshop: Workshop) -> Case:
    labels, good = workshop.labels, right(workshop.labels.max(), workshop.mean_px, "px")
    ways = {
        "u1": lambda: (labels.astype("u1"), good),
        "i4": lambda: (labels.astype("i4"), good),
        "i8": lambda: (labels.astype("i8"), good),
        "f4": lambda: (labels.astype("f4"), good),
        "large numbers": lambda: (np.where(labels, labels.astype("u4") + 4_000_000_000, 0).astype("u4"), good),
        "numbers with gaps": lambda: ((labels.astype("u4") * 7919).astype("u4"), good),
        "in another order": lambda: (np.r_[0, 1 + rng.permutation(labels.max())].astype("u2")[labels], good),
        "a stray pixel": lambda: (_stray(labels, rng), right_or_said(labels.max(), workshop.mean_px, "px")),
        "mask 255": lambda: ((labels > 0).astype("u1") * 255, _refused),
        "mask 1": lambda: ((labels > 0).astype("u1"), _refused),
        "mask bool": lambda: (labels > 0, _refused),
        "background 2": lambda: (2 - (labels > 0).astype("u1"), _refused),
        "negative": lambda: (np.where(labels == 1, -3, labels).astype("i2"), _said),
        "fractions": lambda: (labels * 0.7, _said),
        "NaN": lambda: (np.where(labels == 1, np.nan, labels).astype("f4"), _said),
        "RGB": lambda: (np.stack([labels, labels, labels * 3], -1).astype("u1"), _said),
        "a line": lambda: (labels[:1], None),
        "one pixel": lambda: (labels[:1, :1], None),
        "nothing": lambda: (labels * 0, None),
        "everything": lambda: (np.ones_like(labels), _said),
        "2000 of one pixel": lambda: (np.arange(labels.size, dtype="u4").reshape(labels.shape) % 2001, None),
        "damaged": lambda: (labels, None),
    }
    way = str(rng.choice(list(ways)))
    data, judge = ways[way]()
    tifffile.imwrite(folder / "a.tif", data, photometric="rgb" if way == "RGB" else "minisblack")
    if way == "damaged":
        about, content = spoil((folder / "a.tif").read_bytes(), rng)
        (folder / "a.tif").write_bytes(content)
        way = f"{way}: {about}"
    words = on(SIZES, "a.tif")
    return Case(way, words) if judge is None else Case(way, words, judge)


def _stray(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    changed = labels.copy()
    free = np.argwhere(labels == 0)
    for y, x in free[rng.integers(0, len(free), rng.integers(1, 4))]:
        changed[y, x] = rng.integers(1, labels.max() + 1)
    return changed


def _refused(outcome, folder):  # type: ignore[no-untyped-def]
    return "" if outcome.code else "taken as labels"


def _said(outcome, folder):  # type: ignore[no-untyped-def]
    from fuzz.case import has_spoken

    return "" if has_spoken(outcome, folder) else "taken without a word"
