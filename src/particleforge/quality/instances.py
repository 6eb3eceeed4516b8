"""True or found particles of an image as runs of pixels, so that they may overlap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from particleforge.mask import Mask, WholeLabels, WholeMasks
from particleforge.runs import Ints, Runs, runs

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_AT_ONCE = 2**20
"""Pairs of runs that are compared at once: about 300 MB."""


@dataclass(frozen=True, eq=False)
class Instances:
    """Particles of an image, which may overlap.

    Parameters
    ----------
    shape
        (Y, X) of the image.
    runs
        Pixels of each particle; they are counted in the order of `Runs.ids`.
    scores
        (n,) how sure a detector is of each; None if it does not state it.
    classes
        (n) class of each; None if classes are not known.
    regions
        (n,) True for regions that may hold any number of particles (``iscrowd`` of COCO); None: there are none.
    """

    shape: tuple[int, int]
    runs: Runs
    scores: Floats | None = None
    classes: tuple[str, ...] | None = None
    regions: Bools | None = None

    @classmethod
    def of_labels(cls, labels: npt.NDArray[np.integer], scores: Mapping[int, float] | None = None) -> Instances:
        """Particles of a (Y, X) label image in the order of their ids, with scores by id where these are known."""
        found = runs(labels)
        known = None if scores is None else np.array([scores[int(label)] for label in found.ids], float)
        return cls((labels.shape[0], labels.shape[1]), found, known)

    @classmethod
    def of_whole(cls, given: WholeLabels, scores: Mapping[int, float] | None = None) -> Instances:
        """Particles in the order of their ids: those with a mask as a whole, the others as far as they are visible."""
        flat = cls.of_labels(given.labels, None if given.masks else scores)
        if not given.masks:
            return flat
        visible = dict(zip(flat.runs.ids.tolist(), flat.masks().values(), strict=True))
        masks = dict(sorted({**visible, **given.masks}.items()))
        known = None if scores is None else np.array([scores[label] for label in masks], float)
        return replace(cls.of_masks(masks.values(), flat.shape), scores=known)

    @classmethod
    def of_pixels(cls, pixels: Iterable[tuple[Ints, Ints]], shape: tuple[int, int]) -> Instances:
        """Particles from the rows and columns of their pixels, in any order."""
        given = [(np.asarray(rows, np.int64), np.asarray(columns, np.int64)) for rows, columns in pixels]
        which = np.repeat(np.arange(len(given)), [len(rows) for rows, _ in given])
        places = [rows * shape[1] + columns for rows, columns in given]
        place = np.concatenate([np.zeros(0, np.int64), *places])
        order = np.lexsort((place, which))
        which, y, x = which[order], place[order] // shape[1], place[order] % shape[1]
        begins = np.ones(len(which), np.bool_)
        begins[1:] = (np.diff(which) != 0) | (np.diff(y) != 0) | (np.diff(x) != 1)
        start = np.flatnonzero(begins)
        last = np.append(start[1:], len(which))[: len(start)] - 1
        return cls(shape, Runs(np.arange(1, len(given) + 1), which[start], y[start], x[start], x[last]))

    @classmethod
    def of_masks(cls, masks: Iterable[Mask], shape: tuple[int, int]) -> Instances:
        """Particles from masks that lie in the image and may overlap."""
        return cls.of_pixels((_places(mask) for mask in masks), shape)

    def __len__(self) -> int:
        return len(self.runs.ids)

    @cached_property
    def areas(self) -> Floats:
        """(n,) number of pixels of each."""
        return self.runs.sum(self.runs.length)

    @property
    def are_regions(self) -> Bools:
        """(n,) whether each is a region in place of a particle."""
        return np.zeros(len(self), np.bool_) if self.regions is None else self.regions

    def labels(self) -> npt.NDArray[np.uint32]:
        """(Y, X) labels 1, 2, 3 in their order; where several overlap, the last one is on top."""
        painted = np.zeros(self.shape, np.uint32)
        painted.reshape(-1)[self.runs.places(self.shape[1])] = np.repeat(self.runs.which + 1, self.runs.length)
        return painted

    @cached_property
    def overlap(self) -> bool:
        """Whether any of them share pixels."""
        return bool(self.areas.sum() > np.count_nonzero(self.labels()))

    def masks(self) -> WholeMasks:
        """Return the mask of each by its number, counted from 1."""
        return {number: _mask(rows, columns) for number, (rows, columns) in enumerate(self.pixels(), 1)}

    def pixels(self) -> list[tuple[Ints, Ints]]:
        """Rows and columns of the pixels of each."""
        order = np.argsort(self.runs.which, kind="stable")
        ordered = Runs(self.runs.ids, *(part[order] for part in self.runs[1:]))
        places = ordered.places(self.shape[1])
        stops = np.cumsum(self.areas).astype(np.int64)[:-1]
        return [(place // self.shape[1], place % self.shape[1]) for place in np.split(places, stops)][: len(self)]

    def with_region(self, region: Instances) -> Instances:
        """Return them with regions in addition, which have no class and no score."""
        both = zip(self.runs[2:], region.runs[2:], strict=True)
        which = np.concatenate([self.runs.which, region.runs.which + len(self)])
        ids = np.arange(1, len(self) + len(region) + 1)
        return replace(
            self,
            runs=Runs(ids, which, *(np.concatenate(sides) for sides in both)),
            regions=np.append(self.are_regions, np.ones(len(region), np.bool_)),
            classes=None if self.classes is None else (*self.classes, *[""] * len(region)),
        )

    def only(self, chosen: Bools) -> Instances:
        """Take some of the (n,) particles, renumbered in their order."""
        number = np.cumsum(chosen) - 1
        taken = self.runs.taken(chosen[self.runs.which])
        return replace(
            self,
            runs=taken._replace(ids=np.arange(1, int(chosen.sum()) + 1), which=number[taken.which]),
            scores=None if self.scores is None else self.scores[chosen],
            classes=None if self.classes is None else tuple(self.classes[index] for index in np.flatnonzero(chosen)),
            regions=None if self.regions is None else self.regions[chosen],
        )


def _places(mask: Mask) -> tuple[Ints, Ints]:
    rows, columns = np.nonzero(mask.pixels)
    return rows + mask.top, columns + mask.left


def _mask(rows: Ints, columns: Ints) -> Mask:
    if not len(rows):
        return Mask(0, 0, np.zeros((0, 0), np.bool_))
    top, left = int(rows.min()), int(columns.min())
    pixels = np.zeros((int(rows.max()) - top + 1, int(columns.max()) - left + 1), np.bool_)
    pixels[rows - top, columns - left] = True
    return Mask(top, left, pixels)


def overlaps(one: Instances, other: Instances) -> tuple[Ints, Ints, Ints]:
    """Find the pairs that share pixels.

    Only runs are compared, so neither time nor memory depends on the number of pairs that lie apart.

    Returns
    -------
    (k,) index in `one`, (k,) index in `other`, (k,) number of shared pixels
        In ascending order of both.

    Raises
    ------
    ValueError
        If the images differ in shape.
    """
    if one.shape != other.shape:
        raise ValueError(f"images of {one.shape} and {other.shape} px cannot be compared")
    parts = [*_shared(one, other, inclusive=True), *_shared(other, one, inclusive=False)]
    keys = [np.zeros(0, np.int64)]
    counts = [np.zeros(0, np.int64)]
    for number, (i, j, pixels) in parts:
        keys.append(i * len(other) + j if number else j * len(other) + i)
        counts.append(pixels)
    key, where = np.unique(np.concatenate(keys), return_inverse=True)
    total = np.bincount(where, np.concatenate(counts), len(key)).astype(np.int64)
    return key // max(len(other), 1), key % max(len(other), 1), total


def _shared(one: Instances, other: Instances, inclusive: bool) -> Iterator[tuple[bool, tuple[Ints, Ints, Ints]]]:
    """Shared pixels of pairs of runs of which that of `other` begins later, or at the same place if `inclusive`."""
    width = one.shape[1]
    begin, end = (one.runs.y * width + side for side in (one.runs.first, one.runs.last))
    starts = other.runs.y * width + other.runs.first
    order = np.argsort(starts, kind="stable")
    starts = starts[order]
    stops = (other.runs.y * width + other.runs.last)[order]
    first = np.searchsorted(starts, begin, "left" if inclusive else "right")
    number = np.maximum(np.searchsorted(starts, end, "right") - first, 0)
    for part in _portions(number):
        run = np.repeat(np.arange(part.start, part.stop), number[part])
        offset = np.arange(len(run)) - np.repeat(np.cumsum(number[part]) - number[part], number[part])
        place = first[run] + offset
        pixels = np.minimum(end[run], stops[place]) - starts[place] + 1
        key = one.runs.which[run] * len(other) + other.runs.which[order[place]]
        pairs, where = np.unique(key, return_inverse=True)
        summed = np.bincount(where, pixels, len(pairs)).astype(np.int64)
        yield inclusive, (pairs // len(other), pairs % len(other), summed)


def _portions(number: Ints) -> Sequence[slice]:
    """Consecutive parts with limited sums."""
    total = np.cumsum(number)
    if not len(total) or not total[-1]:
        return []
    steps = np.arange(_AT_ONCE, total[-1], _AT_ONCE)
    edges = np.unique([0, *np.searchsorted(total, steps, "right"), len(number)])
    return [slice(int(start), int(stop)) for start, stop in pairwise(edges)]
